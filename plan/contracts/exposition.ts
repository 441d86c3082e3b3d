/** Values of the series without labels in a text of Prometheus' format, by name. */
export function valuesIn(text: string): ReadonlyMap<string, number> {
  const samples = text.matchAll(/^([a-z_]+) (-?[0-9.e+]+)$/gm);
  return new Map([...samples].map(([, name = "", value]) => [name, Number(value)]));
}
