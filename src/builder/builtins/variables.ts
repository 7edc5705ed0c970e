/** Variables of a builtin builder's derivation. */

/** The value of a variable that must be there. */
export function requiredVariable(variables: NodeJS.ProcessEnv, name: string): string {
  const value = variables[name];
  if (value === undefined) throw new Error(`attribute '${name}' missing`);
  return value;
}
