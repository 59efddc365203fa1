/** Writes `lab/` and `src/` as JavaScript into a folder, from which they run. Whether it could; it says why not. */
export function withoutTypes(program: string): Promise<boolean>;
