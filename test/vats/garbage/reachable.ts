/** What the rows say, read anew and in another way than the collector does: who can be reached, and what is wrong. */
type Rows = ReadonlyMap<string, string>;

const slotsOf = (value: string): readonly string[] =>
  (JSON.parse(value.slice(value.indexOf('{'))) as { s: string[] }).s;

const keyOf = (name: string): string => name.replace(/^vat:([^/]*)\/([^/]*)\/([^/]*)\/.*$/, 'v/$1/a/$2/$3');

const below = (rows: Rows, prefix: string): string[] => [...rows.keys()].filter((key) => key.startsWith(prefix));

/** Keys of the actors that are reached from the rows that hold, and from `names`. Throws if one is not there. */
export const reachableIn = (rows: Rows, names: readonly string[] = []): ReadonlySet<string> => {
  const met = new Set<string>();
  const queue: [name: string, from: string][] = names.map((name) => [name, 'the host']);
  const look = (key: string): void => {
    for (const name of slotsOf(rows.get(key)!)) queue.push([name, key]);
  };
  for (const key of rows.keys()) {
    if (/^v\/[^/]*\/r\//.test(key)) look(key);
    if (/^p\/[^/]*\/x\//.test(key)) queue.push([rows.get(key)!, key]);
    if (key.startsWith('s/')) queue.push([rows.get(key)!.split(' ')[1]!, key]);
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [name, from] = next;
    const key = keyOf(name);
    if (met.has(key)) continue;
    met.add(key);
    if (!rows.has(key)) throw Error(`${name} is gone, and ${from} refers to it`);
    look(key);
    const [, vat, , kind, instance] = key.split('/') as [string, string, string, string, string];
    if (kind === 'map') for (const entry of below(rows, `v/${vat}/m/${instance}/`)) look(entry);
  }
  return met;
};

/** Throws if any row, even one that nobody can reach, refers to an actor that is not there. */
export const checkReferences = (rows: Rows): void => {
  for (const key of rows.keys()) {
    if (!/^v\/[^/]*\/[amr]\//.test(key)) continue;
    for (const name of slotsOf(rows.get(key)!)) {
      if (!rows.has(keyOf(name))) throw Error(`${name} has no row, and ${key} refers to it`);
    }
  }
};

export const actorsIn = (rows: Rows): string[] => [...rows.keys()].filter((key) => /^v\/[^/]*\/a\//.test(key));

/** Throws if a map does not have as many entries as it says, an entry has no map, or a vat not as many actors as its header says. */
export const checkCounts = (rows: Rows): void => {
  const body = (key: string): Record<string, number> => {
    const value = rows.get(key)!;
    const { b } = JSON.parse(value.slice(value.indexOf('{'))) as { b: string };
    return JSON.parse(b.slice(1)) as Record<string, number>;
  };
  for (const key of rows.keys()) {
    const [, vat, what, kind, instance] = key.split('/') as [string, string, string, string, string];
    if (key.startsWith(`v/${vat}/a/map/`)) {
      const [says, has] = [body(key)['size'], below(rows, `v/${vat}/m/${instance}/`).length];
      if (says !== has) throw Error(`${key} says ${says} entries, and has ${has}`);
    }
    if (what === 'm' && !rows.has(`v/${vat}/a/map/${kind}`)) throw Error(`${key} has no map`);
    if (what === '!' && body(key)['actors'] !== undefined) {
      const [says, has] = [body(key)['actors'], below(rows, `v/${vat}/a/`).length];
      if (says !== has) throw Error(`${key} says ${says} actors, and has ${has}`);
      const [tells, roots] = [body(key)['roots'] ?? 0, below(rows, `v/${vat}/r/`).length];
      if (tells !== roots) throw Error(`${key} says ${tells} roots, and has ${roots}`);
    }
  }
};
