/**
 * `nixos-option`: the value of an option of the machine's configuration, its documentation, where it is declared and who
 * sets it. For a set of options, their names.
 */
import { decodeBytes, encodeBytes, suggestNear, UsageError } from '../diagnostics/index.ts';
import { evaluationFlags } from './common-flags.ts';
import type { Command, RunningCommand } from './program.ts';

type Description =
  | { readonly kind: 'missing'; readonly missing: string; readonly names: readonly string[] }
  | { readonly kind: 'set'; readonly names: readonly string[] }
  | { readonly kind: 'value'; readonly value: string }
  | {
      readonly kind: 'option';
      readonly name: string;
      readonly value: string | null;
      readonly default: string | null;
      readonly example: string | null;
      readonly description: string;
      readonly type: string;
      readonly declaredBy: readonly string[];
      readonly definedBy: readonly { readonly file: string; readonly value: string }[];
    };

export const command: Command = {
  prepare: (invocation) => {
    const positional: string[] = [];
    let form: Form = 'text';
    return {
      line: {
        usage: ['[FLAGS] [OPTION.PATH]'],
        summary:
          "Shows an option of the configuration that '<nixos-config>' names: its value, default, example, description, and the files that declare and define it. For a set of options it lists their names.",
        flags: [
          { long: 'json', description: 'print everything as JSON', apply: () => void (form = 'json') },
          { long: 'xml', description: 'print everything as XML', apply: () => void (form = 'xml') },
          { long: 'all', description: 'accepted for compatibility', apply: () => {} },
          ...evaluationFlags(invocation),
        ],
        positional: (argument) => void positional.push(argument),
      },
      run: (running) => run(positional, form, running),
    };
  },
};

type Form = 'text' | 'json' | 'xml';

async function run(positional: readonly string[], form: Form, running: RunningCommand): Promise<number> {
  if (positional.length > 1)
    throw new UsageError(`unexpected argument '${positional[1]}'`, { hint: 'one option at a time' });
  const path = splitPath(positional[0] ?? '');
  const session = await running.session();
  const names = path.map((name) => `"${name.replace(/["\\$]/g, '\\$&')}"`).join(' ');
  const text = `import <nixpkgs/nixos/lib/describe-option.nix> { eval = import <nixpkgs/nixos> { }; path = [ ${names} ]; }`;
  const answer = await session.evaluate({
    source: { kind: 'text', text: encodeBytes(text), basePath: '/' },
    attrPaths: [''],
    args: [],
    output: form === 'xml' ? 'xml' : 'json',
    strict: true,
    writeStore: false,
  });
  if (answer.kind !== 'texts') throw new Error('the evaluator did not answer with a text');
  if (form === 'xml') {
    running.print(`${decodeBytes(answer.texts[0])}\n`);
    return 0;
  }
  const description = JSON.parse(decodeBytes(answer.texts[0])) as Description;
  if (description.kind === 'missing') throw unknownOption(path, description);
  running.print(form === 'json' ? `${JSON.stringify(description, null, 2)}\n` : format(description));
  return 0;
}

function format(description: Exclude<Description, { kind: 'missing' }>): string {
  switch (description.kind) {
    case 'set':
      return `This attribute set contains:\n${description.names.map((name) => `${name}\n`).join('')}`;
    case 'value':
      return `Value:\n${description.value}\n`;
    case 'option': {
      const section = (title: string, body: string | null) =>
        body === null || body === '' ? '' : `${title}:\n${indent(body)}\n\n`;
      const files = (title: string, list: readonly string[]) =>
        list.length === 0 ? '' : `${title}:\n${list.map((file) => `  "${file}"\n`).join('')}\n`;
      return (
        section('Value', description.value ?? '(not defined)') +
        section('Default', description.default) +
        section('Type', description.type) +
        section('Example', description.example) +
        section('Description', description.description.trim()) +
        files('Declared by', description.declaredBy) +
        files(
          'Defined by',
          description.definedBy.map(({ file }) => file),
        )
      ).replace(/\n\n$/, '\n');
    }
  }
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n');
}

function unknownOption(
  path: readonly string[],
  { missing, names }: Extract<Description, { kind: 'missing' }>,
): UsageError {
  const prefix = path.slice(0, path.indexOf(missing));
  const near = suggestNear(missing, names).map((name) => `'${[...prefix, name].join('.')}'`);
  const hint =
    near.length > 0
      ? `did you mean ${near.join(' or ')}?`
      : names.length > 0
        ? `there is: ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', ...' : ''}`
        : undefined;
  return new UsageError(`the option '${path.join('.')}' does not exist: '${missing}' is not there`, { hint });
}

/** `users.users."a.b".uid` -> its names. */
function splitPath(text: string): string[] {
  const parts: string[] = [];
  for (const match of text.matchAll(/"((?:[^"\\]|\\.)*)"|([^."]+)/g)) parts.push(match[1] ?? match[2]);
  return parts;
}
