/** SQLite in trouble: locked, full, killed, not ours. */

import type { Readable } from 'node:stream';
import type { Kysely } from 'kysely';
import type { Store } from '../../src/core/ports.ts';
import type { SqliteHarness } from '../support/sqlite-store.ts';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupStore } from '../../src/store/sqlite/backup.ts';
import { checkStore } from '../../src/store/sqlite/check.ts';
import { storeError } from '../../src/store/sqlite/errors.ts';
import { kyselyOver } from '../../src/store/sqlite/kysely.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations.ts';
import { APPLICATION_ID, SCHEMA_VERSION } from '../../src/store/sqlite/schema.ts';
import { createSqliteStore } from '../../src/store/sqlite/store.ts';
import {
  accepted,
  batchOf,
  callback,
  claimQuery,
  countingRandom,
  NOON,
  newEntry,
  recordsOf,
  taken,
  tell,
} from '../support/entries.ts';
import { sqliteHarness } from '../support/sqlite-store.ts';

let harness: SqliteHarness;
afterEach(() => harness.end());

const accept = () => harness.store.accept(batchOf([newEntry()]));

/** How a write ended, and after how many milliseconds. */
async function timed(write: Promise<unknown>): Promise<{ code: unknown; ms: number }> {
  const started = performance.now();
  const code = await write.then(
    () => 'ok',
    (error: { code?: unknown }) => error.code,
  );
  return { code, ms: performance.now() - started };
}

describe('a database that another program has locked', () => {
  let other: DatabaseSync;
  beforeEach(async () => {
    harness = await sqliteHarness();
    await accepted(harness.store, {});
    other = new DatabaseSync(harness.file);
    other.exec('begin immediate');
  });
  afterEach(() => other.close());

  it('answers each write as busy within two seconds, those that come while it waits included', async () => {
    const first = timed(accept());
    const later = harness.store.entry({ id: 'x' }).then(async () => {
      // The first one waits in the thread by now; this one has to wait for it.
      await new Promise(setImmediate);
      return timed(accept());
    });
    for (const { code, ms } of await Promise.all([first, later])) {
      expect(code).toBe('TOLLBOARD_STORE_BUSY');
      expect(ms).toBeLessThan(2000);
    }
    expect((await harness.store.counts()).queued).toBe(1);
  });

  it('goes on reading meanwhile', async () => {
    const write = timed(accept());
    const started = performance.now();
    expect(await harness.store.entries({ kind: 'message', limit: 10 })).toHaveLength(1);
    expect(await harness.store.nextDue(['queued'])).toBe(NOON);
    expect(performance.now() - started).toBeLessThan(1000);
    expect((await write).code).toBe('TOLLBOARD_STORE_BUSY');
  });

  it('writes again once the lock is gone', async () => {
    expect((await timed(accept())).code).toBe('TOLLBOARD_STORE_BUSY');
    other.exec('rollback');
    expect((await timed(accept())).code).toBe('ok');
    expect(await harness.store.claim(claimQuery())).toHaveLength(2);
  });
});

describe('an entry that another program changed', () => {
  beforeEach(async () => {
    harness = await sqliteHarness();
  });

  it('is read again before it is written', async () => {
    const [entry] = await accepted(harness.store, {});
    const other = new DatabaseSync(harness.file);
    other.prepare('update entries set body = ? where id = ?').run('Changed', entry?.id ?? '');
    other.close();
    const [claimed] = await harness.store.claim(claimQuery());
    expect(claimed).toMatchObject({ id: entry?.id, state: 'sending', body: 'Changed' });
    expect(await harness.store.entry({ id: entry?.id ?? '' })).toEqual(claimed);
  });
});

describe('a full database', () => {
  it('says so at once, loses nothing it acknowledged, keeps reading, and writes again when there is room', async () => {
    harness = await sqliteHarness({ maxPageCount: 200 });
    const { store } = harness;
    const kept: string[] = [];
    let refused: { code: unknown; ms: number } | null = null;
    for (let round = 0; refused === null && round < 1000; round += 1) {
      const entries = Array.from({ length: 20 }, () =>
        newEntry({ state: 'done', dueAt: null, createdAt: NOON - 1000 }),
      );
      const result = await timed(
        store.accept(batchOf(entries)).then((answer) => kept.push(...recordsOf(answer).map(({ id }) => id))),
      );
      if (result.code !== 'ok') refused = result;
    }
    expect(refused?.code).toBe('TOLLBOARD_STORE_FULL');
    expect(refused?.ms).toBeLessThan(1000);
    expect(kept.length).toBeGreaterThan(100);
    expect((await store.entries({ kind: 'message', limit: 10_000 })).map(({ id }) => id).sort()).toEqual(
      [...kept].sort(),
    );
    expect((await store.counts()).done).toBe(kept.length);
    expect(checkStore(harness.file).checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(await store.prune({ messagesMs: 500, eventsMs: 500, idempotencyMs: 500 }, NOON)).toBe(kept.length);
    expect((await timed(accept())).code).toBe('ok');
  });

  it('refuses what does not fit, not what was asked for in the same moment and does', async () => {
    harness = await sqliteHarness({ maxPageCount: 200 });
    const large = batchOf(Array.from({ length: 5000 }, () => newEntry()));
    const codes = await Promise.all([accept(), harness.store.accept(large), accept()].map(timed));
    expect(codes[1]?.code).toBe('TOLLBOARD_STORE_FULL');
    const refusals = codes.filter(({ code }) => code !== 'ok');
    expect((await harness.store.counts()).queued).toBe(3 - refusals.length);
    expect((await timed(accept())).code).toBe('ok');
  });
});

describe('operations committed together', () => {
  it('do not suffer from one that fails', async () => {
    harness = await sqliteHarness();
    const twice = newEntry();
    const writes = [batchOf([twice]), batchOf([newEntry(), twice]), batchOf([newEntry()])].map((batch) =>
      timed(harness.store.accept(batch)),
    );
    expect((await Promise.all(writes)).map(({ code }) => code)).toEqual(['ok', 'TOLLBOARD_INTERNAL', 'ok']);
    expect((await harness.store.counts()).queued).toBe(2);
    expect(checkStore(harness.file).ok).toBe(true);
  });
});

describe('a process that is killed while it writes', () => {
  const program = fileURLToPath(new URL('../support/store-writer.ts', import.meta.url));

  it('leaves everything it was told is on disk, and an intact file, three times over', async () => {
    harness = await sqliteHarness();
    await harness.store.close();
    const told = new Map<string, string>();
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, [program, harness.file], {
        stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
      });
      const exited = once(child, 'exit');
      let lines = 0;
      for await (const line of createInterface(child.stdio[3] as Readable)) {
        const [id, what] = line.split(' ');
        told.set(id ?? '', what ?? '');
        lines += 1;
        if (lines === 400 + round * 150) child.kill('SIGKILL');
      }
      expect(await exited).toEqual([null, 'SIGKILL']);
      expect(checkStore(harness.file).checks.filter(({ ok }) => !ok)).toEqual([]);
    }
    expect(told.size).toBeGreaterThan(500);
    const store = await harness.reopen();
    for (const [id, what] of told) {
      const entry = await store.entry({ id });
      expect(entry?.state, id).toMatch(what === 'sent' ? /^sent$/ : /^(queued|sending|sent)$/);
    }
  });
});

describe('a file that is not for us', () => {
  const open = () => createSqliteStore({ file: harness.file, random: countingRandom() });
  beforeEach(async () => {
    harness = await sqliteHarness();
    await harness.store.close();
  });

  it('is refused when a newer version wrote it', async () => {
    const db = new DatabaseSync(harness.file);
    db.exec('pragma user_version = 99');
    db.close();
    const details = { found: 99, known: SCHEMA_VERSION };
    await expect(open()).rejects.toMatchObject({ code: 'TOLLBOARD_STORE_NEWER', details });
    expect(checkStore(harness.file)).toMatchObject({ ok: false });
  });

  it('is refused when another program wrote it', async () => {
    await rm(harness.file);
    const db = new DatabaseSync(harness.file);
    db.exec('create table theirs (a)');
    db.close();
    await expect(open()).rejects.toMatchObject({ code: 'TOLLBOARD_STORE_DAMAGED' });
  });

  it('is refused when it is no database at all', async () => {
    writeFileSync(harness.file, 'This is a shopping list, and a long one. '.repeat(300));
    await expect(open()).rejects.toMatchObject({ code: 'TOLLBOARD_STORE_DAMAGED' });
    expect(checkStore(harness.file)).toMatchObject({ ok: false, checks: [{ name: 'file', ok: false }] });
  });
});

it('a file of the first version is brought to this one, with everything in it', async () => {
  harness = await sqliteHarness();
  const file = join(harness.dir, 'first.sqlite');
  const db = new DatabaseSync(file);
  await MIGRATIONS[0]?.(kyselyOver(db) as Kysely<unknown>);
  const { id } = newEntry();
  const columns = `id, kind, state, recipient, host, account, attempts, simulated, on_unknown, callback_mode, lookups, polls,
    created_at, updated_at, body, params, decided, due_at`;
  db.prepare(`insert into entries (${columns}) values (?, 'message', 'queued', '+1555', 'api', 'AC', 0, 1, 'resend', 'none',
    0, 0, 1, 1, 'from before', '{}', 0, 1)`).run(id);
  db.exec(`update counts set entries = 1 where state = 'queued';
    pragma application_id = ${APPLICATION_ID}; pragma user_version = 1`);
  db.close();
  const before = checkStore(file);
  expect(before).toMatchObject({ ok: true, schemaVersion: 1, counts: { queued: 1 } });
  expect(before.checks[0]?.message).toContain('the next start of a gateway brings it up to date');
  const store = await createSqliteStore({ file, random: countingRandom() });
  expect(await store.entry({ id })).toMatchObject({ id, body: 'from before', leftAfter: null, failedPolls: 0 });
  await store.close();
  expect(checkStore(file)).toMatchObject({ ok: true, schemaVersion: SCHEMA_VERSION });
});

describe('a backup', () => {
  it('taken while others write is whole and makes sense', async () => {
    harness = await sqliteHarness();
    const { store, dir } = harness;
    let going = true;
    const writing = (async () => {
      let count = 0;
      while (going) count += recordsOf(await store.accept(batchOf([newEntry(), newEntry()]))).length;
      return count;
    })();
    await accepted(store, ...Array.from({ length: 2000 }, () => ({})));
    const target = join(dir, 'backup.sqlite');
    await store.backup(target, NOON);
    going = false;
    await writing;
    const report = checkStore(target);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.counts.queued).toBeGreaterThanOrEqual(2000);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    const restored = await createSqliteStore({ file: target, random: countingRandom() });
    expect((await restored.counts()).queued).toBe(report.counts.queued);
    await restored.close();
  });

  it('acts on no event that was waiting when it was copied, for the original went on with it; later ones are its own', async () => {
    harness = await sqliteHarness();
    const { store, dir } = harness;
    const event = (target: Store) => target.addEvent({ type: 'twilio_data_received', data: {} }, true, NOON);
    await store.subscribe(['a']);
    const first = await event(store);
    await store.replay(first.seq);
    const target = join(dir, 'backup.sqlite');
    await store.backup(target, NOON + 5);
    const copy = await createSqliteStore({ file: target, random: countingRandom() });
    await copy.recoverCopy(NOON + 10);
    expect(await copy.deliveries('a', 10)).toEqual([]);
    expect(await store.deliveries('a', 10)).toHaveLength(2);
    const own = await event(copy);
    expect(await copy.deliveries('a', 10)).toEqual([{ consumer: 'a', event: own, replay: null }]);
    await copy.close();
  });

  it('knows at its first start that it is a copy, and has what was to be sent looked for first, once', async () => {
    harness = await sqliteHarness();
    const { store, dir } = harness;
    const [queued, later, under, done] = await accepted(
      store,
      {},
      { state: 'scheduled', notBefore: NOON + 60_000, dueAt: NOON + 60_000 },
      {},
      {},
    );
    const idOf = (entry: typeof queued) => entry?.id ?? '';
    await tell(store, idOf(under), { type: 'claimed', callbackMode: 'own' });
    for (const fact of [{ type: 'claimed', callbackMode: 'own' } as const, taken('SM1', 'delivered')])
      await tell(store, idOf(done), fact);
    const target = join(dir, 'backup.sqlite');
    await store.backup(target, NOON + 5);
    expect(await store.recoverCopy(NOON + 10)).toBe(0);
    const copy = await createSqliteStore({ file: target, random: countingRandom() });
    expect(await copy.recoverCopy(NOON + 10)).toBe(2);
    expect(await copy.recoverCopy(NOON + 10)).toBe(0);
    const state = async (entry: typeof queued) => copy.entry({ id: idOf(entry) });
    expect(await state(queued)).toMatchObject({
      state: 'unknown',
      attempts: 1,
      sendingAt: NOON + 5,
      error: { code: 'TOLLBOARD_DELIVERY_RESTORED', stage: 'unknown' },
    });
    expect(await state(under)).toMatchObject({ state: 'unknown', attempts: 1 });
    expect(await state(later)).toMatchObject({ state: 'scheduled', attempts: 0 });
    expect(await state(done)).toMatchObject({ state: 'done' });
    expect((await copy.decisions(idOf(queued))).map(({ what }) => what)).toEqual(['accepted', 'restored']);
    await copy.close();
    expect(checkStore(target).checks.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('put in place beside the log of the database before it is refused: SQLite would mix the two', async () => {
    harness = await sqliteHarness();
    const { store, file, dir } = harness;
    await accepted(store, {});
    const target = join(dir, 'backup.sqlite');
    await store.backup(target, NOON);
    await accepted(store, {}, {});
    // As a gateway that was killed leaves it.
    const log = join(dir, 'log');
    await copyFile(`${file}-wal`, log);
    await store.close();
    await copyFile(target, file);
    await copyFile(log, `${file}-wal`);
    const refused = { code: 'TOLLBOARD_STORE_LOG_FOREIGN', remedy: expect.stringContaining(`${file}-wal`) };
    await expect(createSqliteStore({ file, random: countingRandom() })).rejects.toMatchObject(refused);
    await expect(backupStore(file, join(dir, 'second.sqlite'), NOON)).rejects.toMatchObject(refused);
    expect(checkStore(file)).toMatchObject({ ok: false, checks: [{ name: 'file', error: { code: refused.code } }] });
    await rm(`${file}-wal`);
    harness.store = await createSqliteStore({ file, random: countingRandom() });
    expect((await harness.store.counts()).queued).toBe(1);
    expect(await harness.store.recoverCopy(NOON + 10)).toBe(1);
  });

  it('takes over nothing of what an interrupted backup to the same name left', async () => {
    harness = await sqliteHarness();
    const { store, file, dir } = harness;
    const target = join(dir, 'backup.sqlite');
    await accepted(store, {});
    await copyFile(`${file}-wal`, `${target}.partial-wal`);
    await accepted(store, ...Array.from({ length: 300 }, () => ({})));
    await store.backup(target, NOON);
    expect(checkStore(target)).toMatchObject({ ok: true, counts: { queued: 301 } });
    expect(readdirSync(dir).filter((name) => name.startsWith('backup'))).toEqual(['backup.sqlite']);
  });

  it('never replaces a file', async () => {
    harness = await sqliteHarness();
    const target = join(harness.dir, 'precious');
    writeFileSync(target, 'precious');
    await expect(harness.store.backup(target, NOON)).rejects.toMatchObject({ code: 'TOLLBOARD_STORE_BACKUP_EXISTS' });
    expect(statSync(target).size).toBe(8);
  });
});

describe('the files', () => {
  it('are one after a clean end: a copy of it has everything', async () => {
    harness = await sqliteHarness();
    const [record] = await accepted(harness.store, {});
    await harness.store.close();
    expect(readdirSync(dirname(harness.file)).filter((name) => name.startsWith(basename(harness.file)))).toEqual([
      basename(harness.file),
    ]);
    const copy = join(harness.dir, 'copy.sqlite');
    await copyFile(harness.file, copy);
    const store = await createSqliteStore({ file: copy, random: countingRandom() });
    expect(await store.entry({ id: record?.id ?? '' })).toEqual(record);
    await store.close();
  });

  it('can be read by their owner only', async () => {
    harness = await sqliteHarness();
    await accept();
    const modes = await Promise.all(
      [dirname(harness.file), harness.file, `${harness.file}-wal`].map(async (path) => (await stat(path)).mode & 0o777),
    );
    expect(modes).toEqual([0o700, 0o600, 0o600]);
  });
});

describe('what SQLite refuses', () => {
  it('is told apart: a full disk, and one that takes no writes for another reason', async () => {
    harness = await sqliteHarness();
    const { file } = harness;
    const causeOf = (act: () => void) => {
      try {
        act();
      } catch (error) {
        return error;
      }
      throw new Error('nothing was refused');
    };
    const reader = new DatabaseSync(file, { readOnly: true });
    const readOnly = storeError(
      causeOf(() => reader.exec('create table t (x)')),
      file,
    );
    reader.close();
    expect(readOnly).toMatchObject({ code: 'TOLLBOARD_STORE_UNWRITABLE', kind: 'unavailable' });
    expect(readOnly.message).toContain(file);
    expect(
      storeError(
        causeOf(() => new DatabaseSync(dirname(file))),
        file,
      ),
    ).toMatchObject({ code: 'TOLLBOARD_STORE_UNWRITABLE' });
  });
});

describe('the check of a store', () => {
  const DAMAGE = {
    'due times': 'update entries set due_at = null',
    'held entries': "update entries set state = 'held', resolution = null",
    lanes: "update entries set lane = 'nobody'",
    decisions: 'delete from decisions',
    orphans: 'delete from entries',
    counts: 'update counts set entries = 7',
  };

  it('finds rows that contradict each other', async () => {
    harness = await sqliteHarness();
    const [record] = await accepted(harness.store, {}, {});
    const sid = `SM${'1'.repeat(32)}`;
    await harness.store.claim(claimQuery({ limit: 1 }));
    await tell(harness.store, record?.id ?? '', taken(sid));
    await tell(harness.store, record?.id ?? '', callback(sid, 'delivered'));
    await harness.store.close();
    expect(checkStore(harness.file)).toMatchObject({
      ok: true,
      schemaVersion: SCHEMA_VERSION,
      counts: { done: 1, queued: 1 },
    });
    for (const [name, damage] of Object.entries(DAMAGE)) {
      const copy = join(harness.dir, 'copy.sqlite');
      await copyFile(harness.file, copy);
      const db = new DatabaseSync(copy);
      db.exec(damage);
      db.close();
      const wrong = checkStore(copy).checks.filter(({ ok }) => !ok);
      expect(wrong.map((row) => row.name)).toContain(name);
    }
  });

  it('refuses a file that does not exist, and creates none', async () => {
    harness = await sqliteHarness();
    const missing = join(await mkdtemp(join(tmpdir(), 'tollboard-store-')), 'none.sqlite');
    expect(() => checkStore(missing)).toThrow(/does not exist/);
    await expect(stat(missing)).rejects.toMatchObject({ code: 'ENOENT' });
    await rm(dirname(missing), { recursive: true });
  });
});
