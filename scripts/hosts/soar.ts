/** The app's JSON, its README in the connector's own format, and the sentences that its Python needs. */

import type { SoarAction, SoarField, SoarOutputField } from '../../src/hosts/soar/definition.ts';
import { soarDefinition as definition } from '../../src/hosts/soar/definition.ts';
import { NO_OUTPUT, NO_PARAMETERS } from '../../src/hosts/soar/document.ts';
import { RECIPIENT } from '../../src/hosts/soar/recipient.ts';
import { BAD_STATUSES, BASE_URL_EXAMPLE, FINAL_STATUSES, LIMITS, POLL, TEXTS } from '../../src/hosts/soar/texts.ts';
import { LEAST_ERROR_CODE } from '../../src/twilio/answers.ts';

const APP = 'soar/twilio';

/** Path below `integrations/` → text. */
export function soarFiles(): Record<string, string> {
  return {
    [`${APP}/twilio.json`]: `${JSON.stringify(appJson(), null, 4)}\n`,
    [`${APP}/twilio_consts.py`]: constants(),
    [`${APP}/README.md`]: readme(),
  };
}

const { identity, fields, actions, outputs } = definition;

/* ------------------------------------------------------------------ the app's JSON */

function appJson(): Record<string, unknown> {
  return {
    appid: identity.appId,
    name: definition.title,
    description: definition.description,
    type: identity.type,
    product_vendor: identity.productVendor,
    logo: 'logo_twilio.svg',
    logo_dark: 'logo_twilio_dark.svg',
    product_name: identity.productName,
    python_version: identity.pythonVersions.join(', '),
    product_version_regex: identity.productVersionRegex,
    publisher: identity.publisher,
    license: 'Tollboard, licensed under the Apache License, Version 2.0',
    app_version: identity.version,
    utctime_updated: identity.updated,
    package_name: identity.packageName,
    main_module: identity.mainModule,
    min_phantom_version: identity.minimumProductVersion,
    app_wizard_version: '1.0.0',
    fips_compliant: false,
    configuration: byName(fields.configuration),
    actions: actions.map(action),
    // Standard library and `requests`, which is part of the platform.
    pip39_dependencies: { wheel: [] },
    pip313_dependencies: { wheel: [] },
  };
}

function action(row: SoarAction): Record<string, unknown> {
  const own = row.identifier === 'send_text';
  return {
    action: row.name,
    identifier: row.identifier,
    description: row.description,
    ...(row.verbose === '' ? {} : { verbose: row.verbose }),
    type: row.type,
    read_only: row.readOnly,
    parameters: own ? byName(fields['send message']) : {},
    output: own ? outputs.map(outputPath) : [],
    ...(own ? { render: { type: 'table' } } : {}),
    versions: 'EQ(*)',
  };
}

function byName(rows: readonly SoarField[]): Record<string, unknown> {
  const specification = (row: SoarField, order: number) => ({
    description: row.description,
    data_type: row.type,
    required: row.required,
    ...(row.primary === true ? { primary: true } : {}),
    ...(row.contains === undefined ? {} : { contains: row.contains }),
    order,
  });
  return Object.fromEntries(rows.map((row, order) => [row.name, specification(row, order)]));
}

function outputPath(row: SoarOutputField): Record<string, unknown> {
  const examples = (row.examples ?? []).map((text) => (row.type === 'numeric' ? Number(text) : text));
  return {
    data_path: row.name,
    data_type: row.type,
    ...(row.contains === undefined ? {} : { contains: row.contains }),
    ...(row.column === undefined ? {} : { column_name: row.column.name, column_order: row.column.order }),
    ...(examples.length === 0 ? {} : { example_values: examples }),
  };
}

/* ------------------------------------------------------------------ what the Python needs */

function constants(): string {
  const lines: Array<[name: string, value: unknown]> = [
    ...Object.entries(TEXTS),
    ...Object.entries(RECIPIENT).map(([name, pattern]): [string, string] => [`recipient_${name}`, pattern]),
    ['baseUrlExample', BASE_URL_EXAMPLE],
    ['pollSeconds', POLL.everyMs / 1000],
    ['pollAttempts', POLL.attempts],
    ['timeoutSeconds', LIMITS.timeoutMs / 1000],
    ['answerBytes', LIMITS.answerBytes],
    ['leastErrorCode', LEAST_ERROR_CODE],
  ];
  return [
    '"""Sentences and numbers of the app. Written by `npm run hosts` from src/hosts/soar/; change them there."""',
    '',
    ...lines.map(([name, value]) => `${constant(name)} = ${JSON.stringify(value)}`),
    `FINAL_STATUSES = ${JSON.stringify(FINAL_STATUSES)}`,
    `BAD_STATUSES = ${JSON.stringify(BAD_STATUSES)}`,
    '',
  ].join('\n');
}

function constant(name: string): string {
  return name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/* ------------------------------------------------------------------ README */

function readme(): string {
  return [
    '[comment]: # "Auto-generated SOAR connector documentation"',
    `# ${definition.title}`,
    '',
    `Publisher: ${identity.publisher}  `,
    `Connector Version: ${identity.version}  `,
    `Product Vendor: ${identity.productVendor}  `,
    `Product Name: ${identity.productName}  `,
    `Product Version Supported (regex): "${escaped(identity.productVersionRegex)}"  `,
    `Minimum Product Version: ${identity.minimumProductVersion}  `,
    '',
    definition.description,
    '',
    '### Configuration Variables',
    definition.notes[0] ?? '',
    '',
    'VARIABLE | REQUIRED | TYPE | DESCRIPTION',
    '-------- | -------- | ---- | -----------',
    ...fields.configuration.map(variable),
    '',
    '### Supported Actions  ',
    ...actions.map((row) => `[${row.name}](#action-${row.name.replaceAll(' ', '-')}) - ${row.description}  `),
    '',
    ...actions.flatMap(section),
  ]
    .join('\n')
    .trimEnd()
    .concat('  \n');
}

function section(row: SoarAction): string[] {
  const own = row.identifier === 'send_text';
  return [
    `## action: '${row.name}'`,
    row.description,
    '',
    `Type: **${row.type}**  `,
    `Read only: **${row.readOnly ? 'True' : 'False'}**`,
    '',
    ...(row.verbose === '' ? [] : [row.verbose, '']),
    '#### Action Parameters',
    ...(own ? parameterTable() : [NO_PARAMETERS]),
    '',
    '#### Action Output',
    ...(own ? outputTable() : [`${NO_OUTPUT}  `]),
    '',
  ];
}

function variable({ name, required, type, description }: SoarField): string {
  return `**${name}** |  ${required ? 'required' : 'optional'}  | ${type} | ${description}`;
}

function parameterTable(): string[] {
  return [
    'PARAMETER | REQUIRED | DESCRIPTION | TYPE | CONTAINS',
    '--------- | -------- | ----------- | ---- | --------',
    ...fields['send message'].map(
      ({ name, required, type, description, contains = [] }) =>
        `**${name}** |  ${required ? 'required' : 'optional'}  | ${description} | ${type} | ${kinds(contains)}`,
    ),
  ];
}

function outputTable(): string[] {
  return [
    'DATA PATH | TYPE | CONTAINS | EXAMPLE VALUES',
    '--------- | ---- | -------- | --------------',
    ...outputs.map(
      ({ name, type, contains = [], examples = [] }) =>
        `${escaped(name)} | ${type} | ${kinds(contains)} | ${examples.length === 0 ? '' : `  ${examples.join('  ')}`} `,
    ),
  ];
}

function kinds(contains: readonly string[]): string {
  return contains.map((kind) => ` \`${kind}\` `).join('');
}

function escaped(text: string): string {
  return text.replaceAll('*', '\\*');
}
