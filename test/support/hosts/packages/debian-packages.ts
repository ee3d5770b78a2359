/** Packages of Debian itself with all that they need beside what a host has: fetched once, and kept. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { cached } from '../cache.ts';
import { hostImage } from '../image.ts';

const fetchThem = `
image="$1"
shift
mkdir -p lists/partial archives/partial
apt_get() {
  apt-get -qq -o APT::Sandbox::User=root -o Debug::NoLocking=true -o Dir::State::status="$image/var/lib/dpkg/status" \\
    -o Dir::State::Lists="$PWD/lists" -o Dir::Cache::archives="$PWD/archives" "$@"
}
apt_get update
apt_get install --yes --no-install-recommends --download-only "$@"
rm -r lists archives/partial archives/lock 2>/dev/null || true
`;

/** For the repository of a lab. The first time it takes the network. */
export const debianPackages = async (...names: readonly string[]): Promise<readonly { readonly path: string }[]> => {
  const recipe = { sort: 'packages', text: fetchThem, words: [await hostImage(), ...names] };
  const directory = join(await cached(recipe), 'archives');
  const files = (await readdir(directory)).filter((name) => name.endsWith('.deb'));
  return files.map((name) => ({ path: join(directory, name) }));
};
