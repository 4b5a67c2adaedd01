/** Messages: Twilio's create parameters as a table. Kept apart from the checks, which one-shot commands need not load. */

import type { Parameter } from './parameter.ts';

/** All create parameters of Twilio's Message resource. Descriptions are those of the ByteChef component. */
export const MESSAGE_PARAMETERS: readonly Parameter[] = [
  {
    name: 'to',
    wire: 'To',
    type: 'string',
    required: true,
    twilioCode: 21211,
    description:
      "The recipient's phone number in E.164 format (for SMS/MMS) or channel address, e.g. whatsapp:+15552229999.",
  },
  {
    name: 'from',
    wire: 'From',
    type: 'string',
    twilioCode: 21212,
    description:
      "The sender's Twilio phone number (in E.164 format), alphanumeric sender ID, Wireless SIM, short code, or channel address (e.g., whatsapp:+15554449999). The value of the from parameter must be a sender that is hosted within Twilio and belongs to the Account creating the Message. If you are using messaging_service_sid, this parameter can be empty (Twilio assigns a from value from the Messaging Service's Sender Pool) or you can provide a specific sender from your Sender Pool.",
  },
  {
    name: 'messagingServiceSid',
    wire: 'MessagingServiceSid',
    type: 'sid',
    prefix: 'MG',
    twilioCode: 21705,
    description:
      "The SID of the Messaging Service you want to associate with the Message. When this parameter is provided and the from parameter is omitted, Twilio selects the optimal sender from the Messaging Service's Sender Pool. You may also provide a from parameter if you want to use a specific Sender from the Sender Pool.",
  },
  {
    name: 'body',
    wire: 'Body',
    type: 'string',
    maxLength: 1600,
    twilioCode: 21617,
    description:
      'The text content of the outgoing message. Can be up to 1,600 characters in length. SMS only: If the body contains more than 160 GSM-7 characters (or 70 UCS-2 characters), the message is segmented and charged accordingly. For long body text, consider using the send_as_mms parameter.',
  },
  {
    name: 'mediaUrl',
    wire: 'MediaUrl',
    type: 'list',
    maxLength: 10,
    description:
      'The URL of media to include in the Message content. jpeg, jpg, gif, and png file types are fully supported by Twilio and content is formatted for delivery on destination devices. The media size limit is 5 MB for supported file types (jpeg, jpg, png, gif) and 500 KB for other types of accepted media. To send more than one image in the message, provide multiple media_url parameters in the POST request. You can include up to ten media_url parameters per message. International and carrier limits apply.',
  },
  {
    name: 'statusCallback',
    wire: 'StatusCallback',
    type: 'url',
    maxLength: 4000,
    twilioCode: 21609,
    description:
      'The URL of the endpoint to which Twilio sends Message status callback requests. URL must contain a valid hostname and underscores are not allowed. If you include this parameter with the messaging_service_sid, Twilio uses this URL instead of the Status Callback URL of the Messaging Service.',
  },
  {
    name: 'applicationSid',
    wire: 'ApplicationSid',
    type: 'sid',
    prefix: 'AP',
    twilioCode: 21218,
    description:
      "The SID of the associated TwiML Application. If this parameter is provided, the status_callback parameter of this request is ignored; Message status callback requests are sent to the TwiML App's message_status_callback URL.",
  },
  {
    name: 'maxPrice',
    wire: 'MaxPrice',
    type: 'number',
    twilioCode: 21627,
    description:
      "The maximum price in US dollars that you are willing to pay for this Message's delivery. When the max_price parameter is provided, the cost of a message is checked before it is sent. If the cost exceeds max_price, the message is not sent and the Message status is failed.",
  },
  {
    name: 'provideFeedback',
    wire: 'ProvideFeedback',
    type: 'boolean',
    default: false,
    description:
      'Boolean indicating whether or not you intend to provide delivery confirmation feedback to Twilio (used in conjunction with the Message Feedback subresource). Boolean indicating whether or not you intend to provide delivery confirmation feedback to Twilio (used in conjunction with the Message Feedback subresource).',
  },
  {
    name: 'attempt',
    wire: 'Attempt',
    type: 'integer',
    description:
      'Total number of attempts made (including this request) to send the message regardless of the provider used.',
  },
  {
    name: 'validityPeriod',
    wire: 'ValidityPeriod',
    type: 'integer',
    min: 1,
    max: 36000,
    default: 36000,
    twilioCode: 21624,
    description:
      "The maximum length in seconds that the Message can remain in Twilio's outgoing message queue. If a queued Message exceeds the validity_period, the Message is not sent. A validity_period greater than 5 is recommended.",
  },
  {
    name: 'forceDelivery',
    wire: 'ForceDelivery',
    type: 'boolean',
    description: 'Reserved',
  },
  {
    name: 'contentRetention',
    wire: 'ContentRetention',
    type: 'string',
    choices: ['retain', 'discard'],
    default: 'retain',
    description: 'Determines if the message content can be stored or redacted based on privacy settings.',
  },
  {
    name: 'addressRetention',
    wire: 'AddressRetention',
    type: 'string',
    choices: ['retain', 'obfuscate'],
    default: 'retain',
    description: 'Determines if the address can be stored or obfuscated based on privacy settings.',
  },
  {
    name: 'smartEncoded',
    wire: 'SmartEncoded',
    type: 'boolean',
    description: 'Whether to detect Unicode characters that have a similar GSM-7 character and replace them.',
  },
  {
    name: 'persistentAction',
    wire: 'PersistentAction',
    type: 'list',
    description: 'Rich actions for non-SMS/MMS channels. Used for sending location in WhatsApp messages.',
  },
  {
    name: 'trafficType',
    wire: 'TrafficType',
    type: 'string',
    choices: ['free'],
    description: 'The kind of traffic this Message belongs to; the only value Twilio names is free.',
  },
  {
    name: 'shortenUrls',
    wire: 'ShortenUrls',
    type: 'boolean',
    description:
      'For Messaging Services with Link Shortening configured only: A Boolean indicating whether or not Twilio should shorten links in the body of the Message.',
  },
  {
    name: 'scheduleType',
    wire: 'ScheduleType',
    type: 'string',
    choices: ['fixed'],
    twilioCode: 35126,
    description:
      'For Messaging Services only: Include this parameter with a value of fixed in conjuction with the send_time parameter in order to schedule a Message.',
  },
  {
    name: 'sendAt',
    wire: 'SendAt',
    type: 'datetime',
    twilioCode: 35114,
    description: 'The time that Twilio will send the message. Must be in ISO 8601 format.',
  },
  {
    name: 'sendAsMms',
    wire: 'SendAsMms',
    type: 'boolean',
    default: false,
    description:
      'If set to true, Twilio delivers the message as a single MMS message, regardless of the presence of media.',
  },
  {
    name: 'contentVariables',
    wire: 'ContentVariables',
    type: 'json',
    twilioCode: 21656,
    description:
      "For Content Editor/API only: Key-value pairs of Template variables and their substitution values. content_sid parameter must also be provided. If values are not defined in the content_variables parameter, the Template's default placeholder values are used.",
  },
  {
    name: 'riskCheck',
    wire: 'RiskCheck',
    type: 'string',
    choices: ['enable', 'disable'],
    default: 'enable',
    description:
      'For SMS pumping protection feature only: Include this parameter with a value of disable to skip any kind of risk check on the respective message request.',
  },
  {
    name: 'fallbackFrom',
    wire: 'FallbackFrom',
    type: 'string',
    description: 'The sender that is used for SMS when the recipient cannot be reached over RCS.',
  },
  {
    name: 'contentSid',
    wire: 'ContentSid',
    type: 'sid',
    prefix: 'HX',
    twilioCode: 21655,
    description:
      "For Content Editor/API only: The SID of the Content Template to be used with the Message, e.g., HXXXXXXXXXXXXXXXXXXXXXXXXXXXXX. If this parameter is not provided, a Content Template is not used. Find the SID in the Console on the Content Editor page. For Content API users, the SID is found in Twilio's response when creating the Template or by fetching your Templates.",
  },
];
