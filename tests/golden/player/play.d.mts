/** Plays a scenario; with `record` the server's answers are written into it. @throws an error with `step` and `problems` */
export function play(scenario: object, baseUrl: string, record: boolean): Promise<void>;
