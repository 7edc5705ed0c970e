/** The log of a test as files: `log.xml` for programs, `log.html` for people, with times and pictures. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogEntry, LogGroup } from './log.ts';

export interface ReportFacts {
  readonly name: string;
  readonly succeeded: boolean;
  /** What went wrong. */
  readonly message: string | undefined;
  readonly seconds: number;
  /** `N out of M tests succeeded`. */
  readonly summary: string | undefined;
}

/** Writes both files into `directory`. */
export function writeReport(root: LogGroup, facts: ReportFacts, directory: string): void {
  writeFileSync(join(directory, 'log.xml'), formatXml(root));
  writeFileSync(join(directory, 'log.html'), formatHtml(root, facts));
}

/** Text for XML and HTML; control characters, which neither may hold, are left out. */
export function escapeMarkup(text: string): string {
  return text
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `<logfile>` with nested `<nest><head>..</head>..</nest>` and `<line>`s. */
export function formatXml(root: LogGroup): string {
  const lines = ['<?xml version="1.0" encoding="utf-8"?>', '<logfile>'];
  for (const entry of root.entries) addXml(entry, lines);
  lines.push('</logfile>', '');
  return lines.join('\n');
}

function addXml(entry: LogEntry, lines: string[]): void {
  const machine = entry.machine === undefined ? '' : ` machine="${escapeMarkup(entry.machine)}"`;
  const at = ` at="${entry.at.toFixed(3)}"`;
  if (entry.kind === 'line') {
    const type = entry.source === 'console' ? ' type="serial"' : entry.source === 'error' ? ' error="1"' : '';
    lines.push(`<line${machine}${type}${at}>${escapeMarkup(entry.text)}</line>`);
  } else if (entry.kind === 'image') {
    const file = escapeMarkup(entry.file);
    lines.push(`<line${machine}${at} image="${file}">screenshot: ${escapeMarkup(entry.title)}</line>`);
  } else {
    const seconds = entry.seconds === undefined ? '' : ` seconds="${entry.seconds.toFixed(3)}"`;
    const error = entry.failed ? ' error="1"' : '';
    lines.push(`<nest${at}${seconds}${error}><head${machine}>${escapeMarkup(entry.title)}</head>`);
    for (const inner of entry.entries) addXml(inner, lines);
    lines.push('</nest>');
  }
}

const style = `
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5em; color: #222; background: #fff; }
h1 { font-size: 1.3em; } .ok { color: #060; } .bad { color: #a00; }
pre { white-space: pre-wrap; } summary, .line { font-family: ui-monospace, monospace; font-size: 12px; }
details { margin-left: 1.2em; } .line { margin-left: 1.2em; white-space: pre-wrap; }
.console { color: #666; } .script { color: #036; } .error, .failed > summary { color: #a00; font-weight: bold; }
.machine { color: #085; } .time { color: #999; } img { max-width: 48em; margin-left: 1.2em; border: 1px solid #999; }
body.quiet .console { display: none; }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818; } .console { color: #999; }
.script { color: #8bf; } .machine { color: #7d9; } .ok { color: #7d7; } .bad, .error, .failed > summary { color: #f88; } }
`;

/** One page that needs nothing but the pictures beside it. */
export function formatHtml(root: LogGroup, facts: ReportFacts): string {
  const body: string[] = [];
  for (const entry of root.entries) addHtml(entry, body);
  const verdict = facts.succeeded ? '<span class="ok">succeeded</span>' : '<span class="bad">failed</span>';
  const name = escapeMarkup(facts.name);
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<title>Test ${name}</title><style>${style}</style></head><body>`,
    `<h1>Test ${name}: ${verdict} after ${facts.seconds.toFixed(1)} seconds</h1>`,
    facts.summary ? `<p>${escapeMarkup(facts.summary)}</p>` : '',
    facts.message ? `<pre class="bad">${escapeMarkup(facts.message)}</pre>` : '',
    `<p><label><input type="checkbox" onchange="document.body.classList.toggle('quiet', this.checked)"> without the machines' consoles</label></p>`,
    ...body,
    '</body></html>',
    '',
  ].join('\n');
}

function addHtml(entry: LogEntry, lines: string[]): void {
  const time = `<span class="time">${entry.at.toFixed(1).padStart(6)}</span> `;
  const machine =
    entry.machine === undefined ? '' : `<span class="machine">${escapeMarkup(entry.machine)}:</span> `;
  if (entry.kind === 'line') {
    lines.push(`<div class="line ${entry.source}">${time}${machine}${escapeMarkup(entry.text)}</div>`);
  } else if (entry.kind === 'image') {
    const file = escapeMarkup(encodeURI(entry.file));
    const title = escapeMarkup(entry.title);
    lines.push(`<div class="line">${time}${machine}screenshot: ${title}</div>`);
    lines.push(`<a href="${file}"><img src="${file}" alt="${title}"></a>`);
  } else {
    const took = entry.seconds === undefined ? 'not finished' : `${entry.seconds.toFixed(2)} s`;
    const open = entry.failed ? ' class="failed" open' : '';
    const head = `${time}${machine}${escapeMarkup(entry.title)} <span class="time">(${took})</span>`;
    lines.push(`<details${open}><summary>${head}</summary>`);
    for (const inner of entry.entries) addHtml(inner, lines);
    lines.push('</details>');
  }
}
