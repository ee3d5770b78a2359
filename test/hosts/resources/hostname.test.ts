/** The name of a real host. */
import { afterAll, beforeAll } from 'vitest';
import { describeHostResource } from '../../contracts/host-resource.ts';
import { describeHosts } from '../../support/hosts/describe-hosts.ts';
import { openHostLab, type HostLab } from '../../support/hosts/lab.ts';
import { goInside, type InsideHost } from '../../support/inside/inside-host.ts';

const named = (name: string) => ({ id: 'h', type: 'hostname', name });
const change = (what: string, from: string, to: string) => ({ what, from, to });

describeHosts('the name of a host', () => {
  let lab: HostLab;
  let host: InsideHost;
  beforeAll(async () => {
    lab = await openHostLab();
    host = await goInside(await lab.startBootedHost({ node: true }));
    await host.sh('systemctl is-system-running --wait');
  });
  afterAll(() => lab.close());

  describeHostResource('hostname', () => host, {
    cases: [
      {
        name: 'another than it has',
        resource: named('web1.example.org'),
        changes: [change('kept', 'b1', 'web1.example.org'), change('now', 'b1', 'web1.example.org')],
        drifts: [
          { name: 'now', byHand: 'hostname lost', changes: [change('now', 'lost', 'web1.example.org')] },
          {
            name: 'for the next boot',
            byHand: 'echo later > /etc/hostname',
            changes: [change('kept', 'later', 'web1.example.org')],
          },
          {
            name: 'the file is gone',
            byHand: 'rm /etc/hostname',
            changes: [change('kept', 'absent', 'web1.example.org')],
          },
        ],
        result: [
          'hostname; hostnamectl hostname; cat /etc/hostname',
          'web1.example.org\nweb1.example.org\nweb1.example.org\n',
        ],
      },
      {
        name: 'with a comment in its file',
        resource: named('web2'),
        arrange: "printf '# our name\\n\\nweb2\\n' > /etc/hostname; hostname web2",
        changes: [],
      },
    ],
    failing: [
      {
        name: 'a directory is in the place of its file',
        resource: named('web3'),
        arrange: 'rm /etc/hostname; mkdir /etc/hostname',
        code: 'CANNOT_CHANGE',
        why: /\/etc\/hostname: it is a directory/,
      },
    ],
  });
});
