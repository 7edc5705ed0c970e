import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestLog } from './log.ts';
import { escapeMarkup, formatHtml, formatXml } from './report.ts';

/** A log of two machines at once, an error, a picture; one second passes at every look at the clock. */
async function makeLog(): Promise<{ log: TestLog; shown: string[] }> {
  const shown: string[] = [];
  let now = 0;
  const log = new TestLog(
    (line) => shown.push(line),
    () => now++,
  );
  log.console('booting <fast> & loud', 'web');
  await Promise.all([
    log.nest('first', 'web', async () => {
      await new Promise((done) => setTimeout(done, 5));
      log.log('inside of first', 'web');
    }),
    log.nest('second', 'db', async () => log.image('a b.png', 'a b', 'db')),
  ]);
  await assert.rejects(
    log.nest('third', undefined, async () => {
      throw new Error('no');
    }),
  );
  log.error('it broke\nbadly');
  return { log, shown };
}

test('entries stand where they were made, also when machines act at once', async () => {
  const { log } = await makeLog();
  assert.equal(
    formatXml(log.root).replace(/ (at|seconds)="[0-9.]+"/g, ''),
    [
      '<?xml version="1.0" encoding="utf-8"?>',
      '<logfile>',
      '<line machine="web" type="serial">booting &#60;fast&#62; &#38; loud</line>',
      '<nest><head machine="web">first</head>',
      '<line machine="web">inside of first</line>',
      '</nest>',
      '<nest><head machine="db">second</head>',
      '<line machine="db" image="a b.png">screenshot: a b</line>',
      '</nest>',
      '<nest error="1"><head>third</head>',
      '</nest>',
      '<line error="1">it broke',
      'badly</line>',
      '</logfile>',
      '',
    ].join('\n'),
  );
});

test('the page has times, pictures and what failed', async () => {
  const { log } = await makeLog();
  const page = formatHtml(log.root, {
    name: 'x<y',
    succeeded: false,
    message: 'it broke',
    seconds: 12,
    summary: '1 out of 2 tests succeeded',
  });
  assert.match(page, /<h1>Test x&#60;y: <span class="bad">failed<\/span> after 12\.0 seconds<\/h1>/);
  assert.match(page, /<img src="a%20b\.png" alt="a b">/);
  assert.match(page, /<details class="failed" open><summary>.*third/);
  assert.doesNotMatch(page, /<fast>/);
});

test('the terminal shows machines and times', async () => {
  const { shown } = await makeLog();
  assert.match(shown[0], /^web # \[ +[0-9.]+\] booting <fast> & loud$/);
  assert.ok(shown.includes('web: first'));
  assert.ok(shown.some((line) => /^web: \(finished: first, in \d+\.\d\d seconds\)$/.test(line)));
  assert.ok(shown.includes('!!! it broke\n!!! badly'));
});

test('what markup cannot hold is left out', () => {
  assert.equal(escapeMarkup('a\x1b[1mb\x00"<'), 'a[1mb&#34;&#60;');
});
