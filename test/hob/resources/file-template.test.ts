import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/hob/resources/contract.ts';
import { fileType } from '../../../src/hob/resources/file.ts';
import { renderTemplate } from '../../../src/hob/resources/template.ts';
import type { Facts, ResourceRecord } from '../../../src/protocol/shapes.ts';
import { describeResource } from '../../contracts/resource.ts';
import { hostForEach } from '../each-host.ts';
import type { TemporaryRoot } from '../temporary-root.ts';

const facts: Facts = {
  ...{ os: 'Debian GNU/Linux 12 (bookworm)', system: 'debian', release: '12', codename: 'bookworm', kernel: '6.1' },
  ...{ architecture: 'x64', hostname: 'web1', cpu: { model: 'x', count: 2 }, memory: { total: 2, free: 1 } },
  ...{ disk: { total: 2, free: 1 }, addresses: ['10.0.0.1'], bootTime: 1, hob: '0.0.0' },
};
const render = (template: string, data: ResourceRecord = {}): string =>
  renderTemplate('/page', harden(template), harden(data), harden(facts));

const page = {
  id: 'page',
  type: 'file',
  path: '/page',
  template: 'listen {{ port }};\n{% for name in names %}{{ name }} {% endfor %}\n',
  data: { port: 80, names: ['a', 'b'] },
} as const;

describeResource('file', {
  type: fileType,
  cases: [
    {
      name: 'with a template',
      resource: page,
      changes: [{ what: 'type', from: 'absent', to: 'file' }],
      drifts: [
        {
          name: 'its content was changed',
          byHand: (root) => fs.writeFileSync(path.join(root, 'page'), 'listen 81;\n'),
          changes: [
            {
              what: 'content',
              from: '"listen 81;\\n"',
              to: 'sha256:6eb8e2bf96ed… (16 bytes)',
            },
          ],
        },
      ],
    },
  ],
  failing: [
    {
      name: 'a template that is none',
      resource: { ...page, template: 'one\ntwo {% if %}\n' },
      arrange: () => {},
      code: 'CANNOT_CHANGE',
      why: /^CANNOT_CHANGE: \/page: its template in line 2 cannot be rendered: /,
    },
  ],
});

describe('a template', () => {
  let place: TemporaryRoot;
  let host: Host;
  hostForEach((...made) => ([place, host] = made));

  it('gives a file with what the data and the host say, rendered byte for byte', async () => {
    await fileType.converge(
      { ...page, template: '{{ port }} on {{ facts.hostname }}\n' },
      { ...host, facts: async () => facts },
      true,
    );
    expect(fs.readFileSync(path.join(place.root, 'page'), 'utf8')).toBe('80 on web1\n');
  });

  it('knows the data by name, and what the host is, but nothing that comes and goes by itself', () => {
    expect(
      render('{{ title | upcase }} {{ facts.system }} {{ facts.cpu.count }} {{ facts.addresses | first }}', {
        title: 'a',
      }),
    ).toBe('A debian 2 10.0.0.1');
    expect(render('{{ facts.memory.total }} {{ facts.disk.total }}')).toBe('2 2');
    for (const gone of ['memory.free', 'disk.free', 'bootTime']) {
      expect(() => render(`{{ facts.${gone} }}`)).toThrow(/undefined variable/);
    }
  });

  it('names the line of what is wrong with it', () => {
    const trouble = (template: string): string => {
      try {
        return render(template, { title: 'a' });
      } catch (error) {
        return (error as Error).message;
      }
    };
    const said = (line: number, what: string) =>
      `CANNOT_CHANGE: /page: its template in line ${line} cannot be rendered: ${what}`;
    expect(trouble('a\n{{ titel }}')).toBe(said(2, 'undefined variable: titel'));
    expect(trouble('{{ title | shout }}')).toBe(said(1, 'undefined filter: shout'));
    expect(trouble('\n\n{% endif %}')).toBe(said(3, 'tag "endif" not found'));
    expect(trouble('{% if title %}')).toMatch(/in line 1 cannot be rendered: tag .* not closed$/);
  });

  it('may ask for what is not there, where it says what then', () => {
    expect(render('{{ no | default: "none" }}{% if no %}yes{% endif %}')).toBe('none');
  });

  it('reads no other file, has no clock, and no chance', () => {
    for (const tag of [
      '{% include "/etc/passwd" %}',
      '{% render "/etc/passwd" %}',
      '{% layout "/etc/passwd" %}',
      '{% block x %}{% endblock %}',
    ]) {
      expect(() => render(tag)).toThrow(/tag "\w+" not found/);
    }
    for (const filter of ["'now' | date: '%s'", "'now' | date_to_xmlschema", "'a,b' | split: ',' | sample"]) {
      expect(() => render(`{{ ${filter} }}`)).toThrow(/undefined filter/);
    }
  });

  it('reaches nothing behind the data', () => {
    for (const name of [
      'title.constructor',
      'facts.constructor',
      'facts.__proto__',
      'title.__proto__',
      'constructor',
      'toString',
    ]) {
      expect(() => render(`{{ ${name} }}`, { title: 'a' })).toThrow(/undefined variable/);
    }
  });

  it('is stopped when it takes too much', () => {
    expect(() => render('{% for i in (1..100000000) %}x{% endfor %}')).toThrow(
      /cannot be rendered: memory alloc limit/,
    );
    expect(() => render('x'.repeat(1_000_001))).toThrow(/cannot be rendered: parse length limit/);
    expect(() => render('{% for i in (1..2000) %}{{ text }}{% endfor %}', { text: 'x'.repeat(1_000) })).toThrow(
      /gives more than 1000000 characters|limit exceeded/,
    );
  });
});
