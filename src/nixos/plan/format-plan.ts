/** A plan in words. */
import type { OptionChange } from './option-changes.ts';
import type { PackageChange } from './package-changes.ts';
import type { RebuildPlan } from './rebuild-plan.ts';

/** Lines for a person, each part only when there is something to say; ends in a newline. */
export function formatPlan(plan: RebuildPlan): string {
  const parts = [
    section('Options', (plan.options ?? []).flatMap(formatOption)),
    section('Packages', plan.packages.map(formatPackage)),
    section('Units', formatUnits(plan.units)),
    section('Reboot needed', plan.reboot),
    section('To do', formatWork(plan.work)),
  ].filter((part) => part !== '');
  if (plan.from === plan.to) return 'Nothing changes: this system is the running one.\n';
  if (parts.length === 0) return 'No option, package or unit changes.\n';
  return parts.join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function formatOption({ name, before, after, files }: OptionChange): string[] {
  const what =
    before === undefined
      ? `+ ${name} = ${after}`
      : after === undefined
        ? `- ${name} (was ${before})`
        : `~ ${name}: ${before} -> ${after}`;
  return [what, `    in ${files.join(', ')}`];
}

function formatPackage({ name, change, before, after }: PackageChange): string {
  const versions = [before.join(', '), after.join(', ')].filter((text) => text !== '').join(' -> ');
  return `${change.padEnd(8)}${name} ${versions}`;
}

function formatUnits(units: RebuildPlan['units']): string[] {
  if (!units) return [];
  const { stop, start, restart, reload, skip } = units;
  const again = stop.filter((name) => start.includes(name));
  const rows: [string, readonly string[]][] = [
    ['stop', stop.filter((name) => !start.includes(name))],
    ['restart', [...again, ...restart].sort()],
    ['start', start.filter((name) => !stop.includes(name))],
    ['reload', reload],
    ['changed, but left running', skip],
  ];
  return rows.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${names.join(', ')}`);
}

function formatWork(work: RebuildPlan['work']): string[] {
  if (!work || work.builds + work.downloads === 0) return [];
  const mib = (work.downloadBytes / 1024 / 1024).toFixed(1);
  const download =
    work.downloads > 0
      ? [`download ${work.downloads} files${work.downloadBytes > 0 ? ` (${mib} MiB)` : ''}`]
      : [];
  const build = work.builds > 0 ? [`build ${work.builds} derivations`] : [];
  return [...download, ...build];
}
