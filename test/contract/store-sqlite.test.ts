/** The store suite over SQLite. */

import { afterAll } from 'vitest';
import { sharedSqlite } from '../support/sqlite-store.ts';
import { storeWrites } from './store.ts';
import { storeConsumers } from './store-consumers.ts';
import { storeGiven } from './store-given.ts';
import { storeReads } from './store-reads.ts';

const shared = sharedSqlite();
afterAll(() => shared.end());

storeWrites('SQLite', shared.take);
storeReads('SQLite', shared.take);
storeGiven('SQLite', shared.take);
storeConsumers('SQLite', shared.take);
