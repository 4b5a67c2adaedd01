/** The version of this package, as the API, the command line and the User-Agent tell it. */

import packageJson from '../package.json' with { type: 'json' };

export const version: string = packageJson.version;
