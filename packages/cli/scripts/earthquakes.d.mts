/** The earthquakes in the order in which they happened, one JSON object a line. */
export function earthquakeLines(): string;
