/**
 * Makes an edit. Keys of `at` are parted by " > "; "+" adds to a list.
 * @throws {Error} when there is no such place: an edit that changes nothing would prove nothing
 */
export function editAt(estate: object, at: string, to: unknown): void {
  const keys = at.split(" > ");
  const last = keys.pop() ?? "";
  let place: unknown = estate;
  for (const key of keys) place = childOf(place, key, at);
  if (Array.isArray(place)) editList(place, last, to, at);
  else if (typeof place !== "object" || place === null) throw new Error(`${at}: ${last} has no place`);
  else if (to === undefined && !(last in place)) throw new Error(`${at}: nothing to remove`);
  else if (to === undefined) Reflect.deleteProperty(place, last);
  else Object.assign(place, { [last]: structuredClone(to) });
}

function childOf(place: unknown, key: string, at: string): unknown {
  const child =
    typeof place === "object" && place !== null ? (place as Record<string, unknown>)[key] : undefined;
  if (child === undefined) throw new Error(`${at}: there is no ${key}`);
  return child;
}

function editList(list: unknown[], key: string, to: unknown, at: string): void {
  if (key === "+") list.push(structuredClone(to));
  else if (!(Number(key) < list.length)) throw new Error(`${at}: there is no entry ${key}`);
  else if (to === undefined) list.splice(Number(key), 1);
  else list[Number(key)] = structuredClone(to);
}
