/** What Splunk SOAR's page of the Twilio connector says, as data: identity, configuration, actions, output. */

import type { Field, HostDefinition, OutputField } from '../host.ts';

/** What the app's JSON says of the app itself. */
export interface SoarIdentity {
  /** The connector's own: installing this app takes the place of that one, and assets and playbooks stay. */
  readonly appId: string;
  readonly publisher: string;
  readonly version: string;
  readonly productVendor: string;
  readonly productName: string;
  readonly productVersionRegex: string;
  readonly minimumProductVersion: string;
  readonly packageName: string;
  readonly mainModule: string;
  /** SOAR's word for the group of apps. */
  readonly type: string;
  /** Of Python, as SOAR names those that it runs apps with. */
  readonly pythonVersions: readonly string[];
  /** When this app last changed. */
  readonly updated: string;
}

export interface SoarField extends Field {
  /** What a value is, so that SOAR offers the action on such values. */
  readonly contains?: readonly string[];
  /** The value that the action is about. */
  readonly primary?: true;
}

export interface SoarAction {
  readonly name: string;
  /** Under which SOAR calls the connector. */
  readonly identifier: 'test_connectivity' | 'send_text';
  readonly type: string;
  readonly readOnly: boolean;
  readonly description: string;
  readonly verbose: string;
}

export interface SoarOutputField extends OutputField {
  /** Heading and place in SOAR's table of results. */
  readonly column?: { readonly name: string; readonly order: number };
}

export interface SoarDefinition extends HostDefinition {
  readonly host: 'soar';
  readonly identity: SoarIdentity;
  /** `configuration`, and the parameters of each action under its name. */
  readonly fields: Readonly<Record<'configuration' | 'send message', readonly SoarField[]>>;
  readonly actions: readonly SoarAction[];
  readonly outputs: readonly SoarOutputField[];
}

const PHONE = ['phone number', 'phone'] as const;
const DATA = 'action_result.data.*.';

export const soarDefinition: SoarDefinition = {
  host: 'soar',
  title: 'Twilio',
  description: 'This app integrates with Twilio for sending messages',
  identity: {
    appId: '52806877-edb2-4d80-bf32-a6ca13c4b58f',
    publisher: 'Splunk',
    version: '2.0.3',
    productVendor: 'Twilio',
    productName: 'Twilio',
    productVersionRegex: '.*',
    minimumProductVersion: '4.9.39220',
    packageName: 'phantom_twilio',
    mainModule: 'twilio_connector.py',
    type: 'devops',
    pythonVersions: ['3.9', '3.13'],
    updated: '2026-11-25T00:00:00.000000Z',
  },
  fields: {
    configuration: [
      {
        name: 'base_url',
        type: 'string',
        required: true,
        twilio: null,
        description: 'Twilio Base URL (e.g. https://api.twilio.com/2010-04-01)',
      },
      { name: 'account_sid', type: 'string', required: true, twilio: null, description: 'Account SID' },
      { name: 'auth_token', type: 'password', required: true, secret: true, twilio: null, description: 'Auth Token' },
      {
        name: 'from_phone',
        type: 'string',
        required: true,
        twilio: 'From',
        description: 'From Phone Number (Twilio Assigned, e.g. +15101281337)',
      },
      {
        name: 'to_phone',
        type: 'string',
        required: false,
        twilio: 'To',
        description: 'To Phone Number (Used only for test connectivity)',
      },
    ],
    'send message': [
      {
        name: 'to_phone',
        type: 'string',
        required: true,
        primary: true,
        contains: PHONE,
        twilio: 'To',
        description: 'To Phone Number. If country code not specified will default to +1',
      },
      { name: 'message', type: 'string', required: true, twilio: 'Body', description: 'Message to send' },
    ],
  },
  actions: [
    {
      name: 'test connectivity',
      identifier: 'test_connectivity',
      type: 'test',
      readOnly: true,
      description: 'Validate the asset configuration for connectivity using supplied configuration',
      verbose: '',
    },
    {
      name: 'send message',
      identifier: 'send_text',
      type: 'generic',
      readOnly: false,
      description: 'Send an SMS Text',
      verbose: 'Sends an SMS text to the specified Phone number.',
    },
  ],
  outputs: [
    {
      ...output('action_result.parameter.to_phone', '5101112345'),
      contains: PHONE,
      column: { name: 'To Phone', order: 0 },
    },
    { ...output('action_result.parameter.message', 'Happy Halloween to GV'), column: { name: 'Message', order: 1 } },
    output('action_result.status', 'success', 'failed'),
    output(
      'action_result.message',
      'Error from server. Status Code: 404 Data from server: {"code": 20404, "message": "The requested resource /2010-04-01/Accounts/ABCDEF48541a12345fef18219497c47101/Messages.json was not found", "more_info": "https://www.twilio.com/docs/errors/20404", "status": 404}',
      'Message delivery status: delivered',
    ),
    { ...output('summary.total_objects', '1'), type: 'numeric' },
    { ...output('summary.total_objects_successful', '1', '0'), type: 'numeric' },
    data('body', 'Sent from your Twilio trial account - Happy Halloween to GV'),
    { ...data('status', 'queued', 'delivered'), column: { name: 'Status', order: 2 } },
    data('direction', 'outbound-api'),
    data('from', '+15123456789'),
    data('num_segments', '1'),
    data('date_updated', 'Wed, 01 Nov 2017 20:56:57 +0000', 'Wed, 01 Nov 2017 22:31:18 +0000'),
    data(
      'uri',
      '/2010-04-01/Accounts/ABCDEF48541a49795fef18219497c47101/Messages/SM0123b6decd8146398c975ae9c3111111.json',
      '/2010-04-01/Accounts/ABCDEF48541a49795fef18219497c47101/Messages/SAZ123AB33c7764e599999970933d6d68f.json',
    ),
    data('account_sid', 'ABCDEF48541a49795fef18219497c47101'),
    data('num_media', '0'),
    data('to', '+15101112222'),
    data('sid', 'SM0123b6decd8146398c975ae9c3123456', 'SAZ123AB33c7764e599123456789d6d68f'),
    data('date_created', 'Wed, 01 Nov 2017 20:56:57 +0000', 'Wed, 01 Nov 2017 22:31:16 +0000'),
    data(
      'subresource_uris.media',
      '/2010-04-01/Accounts/ABCDEF48541a49795fef18219497c47101/Messages/SM0123b6decd8146398c975ae9c3111111/Media.json',
      '/2010-04-01/Accounts/ABCDEF48541a49795fef18219497c47101/Messages/SAZ123AB33c7764e599999970933d6d68f/Media.json',
    ),
    data('price_unit', 'USD'),
    data('api_version', '2010-04-01'),
    data('date_sent', 'Wed, 01 Nov 2017 22:31:16 +0000'),
    // Declared by the seed without `*`. As data is a list, nothing is ever found there.
    output('action_result.data.price'),
    output('action_result.data.error_message'),
    output('action_result.data.messaging_service_sid'),
    output('action_result.data.error_code'),
    output('action_result.summary.message_delivery_status', 'delivered'),
    data('price'),
    data('error_code'),
    data('error_message'),
    data('subresource_uris.feedback'),
    data('messaging_service_sid'),
  ],
  notes: [
    'The below configuration variables are required for this Connector to operate.  These variables are specified when configuring a Twilio asset in SOAR.',
  ],
};

function output(name: string, ...examples: string[]): SoarOutputField {
  return { name, type: 'string', examples, twilio: null };
}

function data(twilio: string, ...examples: string[]): SoarOutputField {
  return { ...output(`${DATA}${twilio}`, ...examples), twilio };
}
