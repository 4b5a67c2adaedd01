/** ByteChef's files: the component's definition, the OpenAPI document and the workflow with the HTTP step. */

import { stringify } from 'yaml';
import { componentDefinition } from '../../src/hosts/bytechef/component.ts';
import { httpWorkflow } from '../../src/hosts/bytechef/workflows.ts';
import { openapiDocument } from './bytechef-openapi.ts';

/** Path below `integrations/` → text. */
export function bytechefFiles(): Record<string, string> {
  const { component, action } = componentDefinition();
  return {
    'bytechef/definition.json': json({ ...component, actions: [action] }),
    'bytechef/openapi.yaml': stringify(openapiDocument(), { lineWidth: 120, aliasDuplicateObjects: false }),
    'bytechef/workflows/send-sms-http.json': json(httpWorkflow()),
  };
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
