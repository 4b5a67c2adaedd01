/** A program that holds the lock of a data directory until it is ended. */

import { lockDataDirectory } from '../../src/store/sqlite/lock.ts';

await lockDataDirectory(process.argv[2] ?? '');
process.stdout.write('locked\n');
process.stdin.resume();
