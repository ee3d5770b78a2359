/** What dpkg and apt say, taken apart; recorded on Debian 12. */
import { describe, expect, it } from 'vitest';
import { parseCandidates } from '../../../../src/hob/resources/apt/candidates.ts';
import { parseInstalled } from '../../../../src/hob/resources/apt/installed.ts';
import { unwantedRemovals, type Step } from '../../../../src/hob/resources/apt/transaction.ts';

describe('what dpkg-query says', () => {
  it('is known by name, and by name and architecture', () => {
    const found = parseInstalled(
      'libc6\tamd64\tinstall\tinstalled\t2.36-9+deb12u14\nlibc6\ti386\tinstall\tinstalled\t2.36-9+deb12u13\n',
    );
    expect(Object.fromEntries(found)).toEqual({
      'libc6:amd64': { version: '2.36-9+deb12u14', status: 'installed', held: false },
      libc6: { version: '2.36-9+deb12u14', status: 'installed', held: false },
      'libc6:i386': { version: '2.36-9+deb12u13', status: 'installed', held: false },
    });
  });

  it('tells what is held, and what was begun', () => {
    const found = parseInstalled('a\tall\thold\tinstalled\t1.0\nb\tall\tinstall\thalf-configured\t1:2~3\n');
    expect(found.get('a')).toEqual({ version: '1.0', status: 'installed', held: true });
    expect(found.get('b')).toEqual({ version: '1:2~3', status: 'half-configured', held: false });
  });

  it.each([
    ['nothing', ''],
    ['what was never there', 'a\tall\tunknown\tnot-installed\t\n'],
    ['what left only its configuration', 'a\tall\tdeinstall\tconfig-files\t1.0\n'],
    ['what is no such line', 'a\nb\tall\n\t\t\n'],
  ])('has no packages in %s', (_what, output) => {
    expect(parseInstalled(output).size).toBe(0);
  });
});

describe('what apt-cache policy says', () => {
  const output = `nginx:
  Installed: 1.22.1-9+deb12u9
  Candidate: 1.22.1-9+deb12u10
  Version table:
     1.22.1-9+deb12u10 500
        500 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages
 *** 1.22.1-9+deb12u9 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
        100 /var/lib/dpkg/status
mail-transport-agent:
  Installed: (none)
  Candidate: (none)
  Version table:
g++:
  Installed: (none)
  Candidate: 4:12.2.0-3
  Package pin: 4:12.2.0-3
  Version table:
     4:12.2.0-3 -1
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
libc6:i386:
  Installed: (none)
  Candidate: 2.36-9
  Version table:
     2.36-9 500 (phased 10%)
        500 http://deb.debian.org/debian bookworm/main i386 Packages
`;

  it('is the version that would be installed, and those that there are', () => {
    expect(Object.fromEntries(parseCandidates(output))).toEqual({
      nginx: { newest: '1.22.1-9+deb12u10', versions: ['1.22.1-9+deb12u10', '1.22.1-9+deb12u9'] },
      'mail-transport-agent': { newest: undefined, versions: [] },
      'g++': { newest: '4:12.2.0-3', versions: ['4:12.2.0-3'] },
      'libc6:i386': { newest: '2.36-9', versions: ['2.36-9'] },
    });
  });

  it('is nothing for what it does not know', () => {
    expect(parseCandidates('').size).toBe(0);
  });
});

describe('what a simulation would take away', () => {
  const output = `Reading package lists...
Remv nginx [1.22.1-9] [old:amd64 ]
Remv wine:i386 [8.0]
Purg leftover [1]
Inst apache2 (2.4 Debian:12 [amd64])
Conf apache2 (2.4 Debian:12 [amd64])
`;
  const step = (name: string, removes: boolean): Step => ({ name, word: name, removes });

  it('is refused, unless it is to be absent', () => {
    expect(unwantedRemovals(output, [step('apache2', false)])).toEqual(['nginx', 'wine:i386', 'leftover']);
    expect(unwantedRemovals(output, [step('nginx', true), step('wine:i386', true)])).toEqual(['leftover']);
    expect(unwantedRemovals(output, [step('nginx', false)])).toContain('nginx');
  });
});
