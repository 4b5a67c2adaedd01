import { describe, expect, it, test } from 'vitest';
import seed from '../../../test/contract/data/seed-bytechef.json' with { type: 'json' };
import { pageOf } from '../../../test/support/pages.ts';
import { BYTECHEF } from './definition.ts';

const { connection, action, output } = seed;
const labelled = ({
  label,
  type,
  control,
  description,
}: {
  label?: string;
  type: string;
  control?: string;
  description: string;
}) => ({
  name: label,
  type,
  control,
  description,
});

describe("ByteChef's page of the component", () => {
  it('is told with its title, description, category and versions', () => {
    const { title, description, component, connection: own } = BYTECHEF;
    expect({ title, description, categories: component.categories, version: component.version }).toEqual({
      title: seed.title,
      description: seed.description,
      categories: seed.categories,
      version: seed.version,
    });
    expect(own).toEqual({ version: connection.version, authorization: connection.authorization });
    expect(BYTECHEF.action).toMatchObject({ title: action.title, description: action.description });
  });

  test.each(connection.properties.map((property, index) => [property.name, property, index] as const))(
    'connection: %s',
    (_name, property, index) => {
      expect(labelled(BYTECHEF.fields.connection[index] as never)).toEqual(property);
    },
  );

  test.each(action.properties.map((property, index) => [property.name, property, index] as const))(
    'Send SMS: %s',
    (_name, property, index) => {
      expect(labelled(BYTECHEF.fields['Send SMS'][index] as never)).toEqual(property);
    },
  );

  it('has no property, output or trigger that the page lacks (S10: nothing is added)', () => {
    expect(BYTECHEF.fields.connection).toHaveLength(connection.properties.length);
    expect(BYTECHEF.fields['Send SMS']).toHaveLength(26);
    expect(Object.keys(BYTECHEF.fields)).toEqual(['connection', 'Send SMS']);
    expect(BYTECHEF.outputs.map(({ type, control }) => ({ type, control }))).toEqual(output.properties);
  });

  it('limits Validity period as Twilio does today', () => {
    expect(BYTECHEF.fields['Send SMS'].find(({ name }) => name === 'validityPeriod')).toMatchObject({
      min: 1,
      max: 36_000,
      default: 14_400,
    });
  });

  it('offers the 27 zones of Send at by their offset, sorted', () => {
    const [, zone] = BYTECHEF.fields['Send SMS'].find(({ name }) => name === 'sendAt')?.properties ?? [];
    const choices = zone?.choices ?? [];
    expect(choices).toHaveLength(27);
    expect(choices).toContainEqual({ value: 'Etc/GMT+5', label: 'GMT-05:00' });
    expect(choices).toContainEqual({ value: 'Etc/GMT-14', label: 'GMT+14:00' });
    expect(choices.map(({ value }) => value)).not.toContain('Etc/GMT-0');
    const labels = choices.map(({ label = '' }) => label);
    expect(labels).toEqual(labels.toSorted((a, b) => (a < b ? -1 : 1)));
  });
});

describe('the fixture', () => {
  it('is the page, cell by cell', () => {
    const rows = pageOf('bytechef')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('|:'))
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim().replaceAll('\\(', '(')),
      )
      .filter(([first]) => first !== 'Name' && first !== 'Type');
    const cells = ({ name, type, control, description }: (typeof action.properties)[number]) => [
      name,
      type,
      control,
      description,
    ];
    expect(rows.map((row) => row.slice(0, 4))).toEqual([
      ...connection.properties.map(cells),
      ...action.properties.map(cells),
      ...output.properties.map(({ type, control }) => [type, control]),
    ]);
  });
});
