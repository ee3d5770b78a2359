/** Packages on a real Debian, from a repository that the test makes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { openPackageRepository, type PackageRepository } from '../../support/hosts/packages/package-repository.ts';
import type { SmallPackage } from '../../support/hosts/packages/small-package.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const named = (name: string, more: object = {}) => ({ id: name, type: 'package', name, ...more });
const state = (from: string, to: string) => [{ what: 'state', from, to }];
const version = (from: string, to: string) => [{ what: 'version', from, to }];
/** dpkg forgets a package without a file of its own as soon as it can. */
const small = (name: string, version: string, more: Partial<SmallPackage> = {}): SmallPackage => ({
  name,
  version,
  ...more,
  files: { [`/usr/share/tests/${name}`]: version, ...more.files },
});
const both = (name: string): readonly SmallPackage[] => [small(name, '1.0'), small(name, '2.0')];
const ask = (name: string) => `dpkg-query -W -f '\${db:Status-Abbrev}\${Version}' ${name}`;
const installNow = (...words: readonly string[]) =>
  `apt-get -qq install -y --allow-downgrades ${words.join(' ')} >/dev/null 2>&1`;

const postinst = (script: string): Partial<SmallPackage> => ({ scripts: { postinst: script } });
const configured = (content: string): Partial<SmallPackage> => ({
  files: { '/etc/edited.conf': `${content}\n` },
  configuration: ['/etc/edited.conf'],
});

const keyring = '/usr/share/keyrings/lab.asc';
const sources = '/etc/apt/sources.list.d/lab.list';

/** As if sources and lists were so many minutes old. */
const ageLists = (host: InsideHost, minutes: number): Promise<string> =>
  host.sh(`touch -d '${minutes + 1} minutes ago' /etc/apt/sources.list ${sources} /etc/apt/sources.list.d
touch -d '${minutes} minutes ago' /var/lib/apt/lists/partial`);

describeHosts('packages', () => {
  let lab: HostLab;
  let repository: PackageRepository;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    repository = await openPackageRepository(lab);
    const [made] = await lab.startSshHosts(1, { node: true });
    host = await goInside(made!);
    await repository.add(
      ...['plain', 'newest', 'pinned', 'going', 'held', 'one', 'two', 'late', 'begun', 'busy'].flatMap(both),
      small('needed', '1.0'),
      small('needing', '1.0', { depends: 'needed' }),
      small('rival', '1.0', { fields: ['Conflicts: plain'] }),
      small('broken', '1.0', postinst('echo "no room for me" >&2; exit 7')),
      small('unmet', '1.0', { depends: 'nowhere-to-be-had' }),
      small('deadly', '1.0', postinst('[ -e /run/deadly ] || { touch /run/deadly; kill -9 $PPID; sleep 1; }')),
      small('giver', '1.0', { fields: ['Provides: given'] }),
      small('edited', '1.0', configured('as shipped')),
      small('edited', '2.0', configured('as shipped later')),
      small('asking', '1.0', postinst('! read answer; test "$DEBIAN_FRONTEND" = noninteractive')),
    );
    await host.sh(`cat > ${keyring}; echo '${repository.source(keyring)}' > ${sources}`, repository.key.armored);
    await host.sh('apt-get -qq update');
  });
  afterAll(async () => {
    await repository.close();
    await lab.close();
  });

  describeHostResource('package', () => host, {
    cases: [
      {
        name: 'present',
        resource: named('plain'),
        changes: state('absent', 'present'),
        drifts: [
          { name: 'it was removed', byHand: 'dpkg --remove plain >/dev/null', changes: state('absent', 'present') },
        ],
        result: [ask('plain'), 'ii 2.0'],
      },
      {
        name: 'present in an older version',
        resource: named('late'),
        arrange: installNow('late=1.0'),
        changes: [],
        result: [ask('late'), 'ii 1.0'],
      },
      {
        name: 'latest',
        resource: named('newest', { latest: true }),
        arrange: installNow('newest=1.0'),
        changes: version('1.0', '2.0'),
        drifts: [
          { name: 'it was removed', byHand: 'dpkg --remove newest >/dev/null', changes: version('absent', '2.0') },
          { name: 'an older one was put there', byHand: installNow('newest=1.0'), changes: version('1.0', '2.0') },
        ],
        result: [ask('newest'), 'ii 2.0'],
      },
      {
        name: 'in one version',
        resource: named('pinned', { version: '1.0' }),
        changes: version('absent', '1.0'),
        drifts: [{ name: 'it was upgraded', byHand: installNow('pinned=2.0'), changes: version('2.0', '1.0') }],
        result: [ask('pinned'), 'ii 1.0'],
      },
      {
        name: 'absent',
        resource: named('going', { absent: true }),
        arrange: installNow('going'),
        changes: state('2.0', 'absent'),
        drifts: [{ name: 'it was installed', byHand: installNow('going=1.0'), changes: state('1.0', 'absent') }],
      },
      { name: 'absent, and never heard of', resource: named('never-heard-of', { absent: true }), changes: [] },
      {
        name: 'unpacked, and not set up',
        resource: named('begun'),
        arrange: 'cd /tmp; apt-get -qq download begun=1.0 >/dev/null 2>&1; dpkg --unpack begun_1.0_all.deb >/dev/null',
        changes: state('1.0 (unpacked)', 'present'),
      },
      { name: 'that would ask', resource: named('asking'), changes: state('absent', 'present') },
      {
        name: 'with a configuration file that somebody changed',
        resource: named('edited', { latest: true }),
        arrange: `${installNow('edited=1.0')}; echo mine > /etc/edited.conf`,
        changes: version('1.0', '2.0'),
        result: ['cat /etc/edited.conf', 'mine\n'],
      },
    ],
    failing: [
      {
        name: 'nobody has it',
        resource: named('nowhere'),
        code: 'CANNOT_CHANGE',
        why: /nowhere: apt knows no such package\nhint: is it spelled so/,
        onlyWhenApplied: true,
      },
      {
        name: 'nobody has that version',
        resource: named('one', { version: '3.0' }),
        code: 'CANNOT_CHANGE',
        why: /one: apt knows no version 3\.0 of it, but 2\.0, 1\.0$/,
        onlyWhenApplied: true,
      },
      {
        name: 'what it needs is nowhere',
        resource: named('unmet'),
        code: 'CANNOT_CHANGE',
        why: /unmet: apt-get: .*[Uu]nable to correct problems/,
        onlyWhenApplied: true,
      },
      {
        name: 'another one would have to go',
        resource: named('rival'),
        arrange: installNow('plain'),
        code: 'CANNOT_CHANGE',
        why: /rival: apt would take away plain for it\nhint: if that is meant/,
        onlyWhenApplied: true,
      },
      {
        name: 'what others need is to go',
        resource: named('needed', { absent: true }),
        arrange: installNow('needing'),
        code: 'CANNOT_CHANGE',
        why: /needed: apt would take away needing for it/,
        onlyWhenApplied: true,
      },
      {
        name: 'it is held',
        resource: named('held', { latest: true }),
        arrange: `${installNow('held=1.0')}; apt-mark -q hold held >/dev/null`,
        code: 'CANNOT_CHANGE',
        why: /held: it is held at 1\.0\nhint: `apt-mark unhold held`/,
        onlyWhenApplied: true,
      },
      {
        name: 'several provide it',
        resource: named('given'),
        code: 'CANNOT_CHANGE',
        why: /given: apt knows no such package/,
        onlyWhenApplied: true,
      },
    ],
  });

  it('that cannot be set up fails with what it said', async () => {
    expect(await host.apply(named('broken'))).toEqual({
      error: expect.stringMatching(/^CANNOT_CHANGE: broken: apt-get: .*exit status 7/) as string,
    });
    await host.sh('dpkg --remove --force-remove-reinstreq broken >/dev/null 2>&1');
  });

  describe('several at once', () => {
    it('go in one transaction, and each has its own outcome', async () => {
      await host.sh(
        `apt-get -qq remove -y one two plain >/dev/null 2>&1; ${installNow('going')}; : > /var/log/apt/history.log`,
      );
      const resources = [
        named('one', { version: '1.0' }),
        named('nowhere'),
        named('two'),
        named('unmet'),
        named('going', { absent: true }),
        named('late'),
      ];
      const found = (errors: readonly unknown[]) => [
        { changes: version('absent', '1.0') },
        errors[0] ?? { changes: state('absent', 'present') },
        { changes: state('absent', 'present') },
        errors[1] ?? { changes: state('absent', 'present') },
        { changes: state('2.0', 'absent') },
        { changes: [] },
      ];
      const errors = [/nowhere: apt knows no such package/, /unmet: apt-get: /].map((why) => ({
        error: expect.stringMatching(why) as string,
      }));
      const [checked, applied] = await host.converge({ resources, apply: false }, { resources, apply: true });
      expect(checked).toEqual(found([]));
      expect(applied).toEqual(found(errors));
      expect(await host.sh('grep -c ^Commandline: /var/log/apt/history.log')).toBe('1\n');
    });
  });

  describe('the lists of what there is', () => {
    const updates = () => repository.requests.filter((path) => path.endsWith('/InRelease')).length;

    it('are fetched again for what is not in them, if they are older than ten minutes', async () => {
      await ageLists(host, 5);
      await repository.add(small('fresh', '1.0'));
      const before = updates();
      expect(await host.apply(named('fresh'))).toEqual({ error: expect.stringMatching(/no such package/) as string });
      expect(updates()).toBe(before);
      await ageLists(host, 12);
      expect(await host.apply(named('fresh'))).toEqual({ changes: state('absent', 'present') });
    });

    it('are fetched again for the newest, if they are older than an hour, and never to check', async () => {
      await repository.add(small('newest', '3.0'));
      await host.apply(named('newest', { latest: true }));
      await ageLists(host, 50);
      expect(await host.apply(named('newest', { latest: true }))).toEqual({ changes: [] });
      await ageLists(host, 70);
      expect(await host.check(named('newest', { latest: true }))).toEqual({ changes: [] });
      expect(await host.apply(named('newest', { latest: true }))).toEqual({ changes: version('2.0', '3.0') });
    });

    it('are fetched again for what is not in them, if the sources changed since', async () => {
      await ageLists(host, 5);
      await repository.add(small('sourced', '1.0'));
      await host.sh(`touch ${sources}`);
      expect(await host.apply(named('sourced'))).toEqual({ changes: state('absent', 'present') });
    });
  });

  it('are had although a dpkg was killed in the middle of its work', async () => {
    await host.sh(`apt-get -qq remove -y busy >/dev/null 2>&1; cd /var/lib/dpkg
printf '%s\\n' 'Package: plain' 'Status: install ok half-configured' 'Maintainer: Nobody <nobody@example.org>' 'Architecture: all' 'Version: 2.0' 'Description: for tests' > updates/0001`);
    await host.sh('apt-get -qq install -y busy >/dev/null 2>&1 && exit 1; exit 0');
    expect(await host.check(named('plain'))).toEqual({ changes: state('2.0 (half-configured)', 'present') });
    expect(await host.apply(named('busy'))).toEqual({ changes: state('absent', 'present') });
    expect(await host.check(named('plain'))).toEqual({ changes: [] });
  });

  it('are set up after the dpkg that did so was killed', async () => {
    expect(await host.apply(named('deadly'))).toEqual({
      error: expect.stringMatching(/^CANNOT_CHANGE: deadly: apt-get: .*Sub-process/) as string,
    });
    expect(await host.check(named('deadly'))).toEqual({ changes: state('1.0 (half-configured)', 'present') });
    expect(await host.apply(named('deadly'))).toEqual({ changes: state('1.0 (half-configured)', 'present') });
    expect(await host.sh(ask('deadly'))).toBe('ii 1.0');
  });

  it('wait for whoever has the lock', async () => {
    await host.sh('apt-get -qq remove -y busy >/dev/null 2>&1');
    // As another dpkg has it, until the apt-get that is to wait for it sleeps.
    const held = host.sh(`perl -e '
use Fcntl;
open(my $lock, "+<", "/var/lib/dpkg/lock-frontend") or die;
my $whole = pack("s s x4 l! l! i x4", F_WRLCK, 0, 0, 0, 0);
fcntl($lock, F_SETLK, $whole) or die;
open(my $sign, ">", "/run/lock-held"); close($sign);
sub said { open(my $file, "<", $_[0]) or return ""; local $/; return <$file> // ""; }
while (!grep { said("$_/cmdline") =~ /^apt-get\\0(?!.*\\0-s\\0).*\\0busy\\0/ && said("$_/wchan") =~ /nanosleep/ } glob("/proc/[0-9]*")) {
  select(undef, undef, undef, 0.02);
}'`);
    await host.sh('while [ ! -e /run/lock-held ]; do sleep 0.02; done');
    expect(await host.apply(named('busy'))).toEqual({ changes: state('absent', 'present') });
    await held;
  });
});
