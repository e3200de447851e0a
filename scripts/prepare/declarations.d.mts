/** The declaration files of the package in `folder`, as texts by their names in `dist`. */
export function declarationsOf(folder: string): Promise<Map<string, string>>;
