/** The examples of both modules as `ansible-doc` and `--describe` print them. */

import type { AnsibleModule } from './definition.ts';

/** Of the module's own page, unedited. `examples/seeds/ansible/` runs them. */
export const PAGE_EXAMPLES: Readonly<Record<'one-number' | 'several-numbers' | 'media', string>> = {
  'one-number': `# send an SMS about the build status to (555) 303 5681
# note: replace account_sid and auth_token values with your credentials
# and you have to have the 'from_number' on your Twilio account
- twilio:
    msg: "All servers with webserver role are now configured."
    account_sid: "ACXXXXXXXXXXXXXXXXX"
    auth_token: "ACXXXXXXXXXXXXXXXXX"
    from_number: "+15552014545"
    to_number: "+15553035681"
  delegate_to: localhost
`,
  'several-numbers': `# send an SMS to multiple phone numbers about the deployment
# note: replace account_sid and auth_token values with your credentials
# and you have to have the 'from_number' on your Twilio account
- twilio:
    msg: "This server's configuration is now complete."
    account_sid: "ACXXXXXXXXXXXXXXXXX"
    auth_token: "ACXXXXXXXXXXXXXXXXX"
    from_number: "+15553258899"
    to_number:
      - "+15551113232"
      - "+12025551235"
      - "+19735559010"
  delegate_to: localhost
`,
  media: `# send an MMS to a single recipient with an update on the deployment
# and an image of the results
# note: replace account_sid and auth_token values with your credentials
# and you have to have the 'from_number' on your Twilio account
- twilio:
    msg: "Deployment complete!"
    account_sid: "ACXXXXXXXXXXXXXXXXX"
    auth_token: "ACXXXXXXXXXXXXXXXXX"
    from_number: "+15552014545"
    to_number: "+15553035681"
    media_url: "https://demo.twilio.com/logo.png"
  delegate_to: localhost
`,
};

export const EXAMPLES: Readonly<Record<AnsibleModule['name'], string>> = {
  twilio: `${Object.values(PAGE_EXAMPLES).join('\n')}
# through a gateway: a second run sends nothing
- tollboard.twilio.twilio:
    msg: "Release 4711 is out."
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    from_number: "+15552014545"
    to_number: "{{ on_call_numbers }}"
    stop_on_error: false
    idempotency_key: release-4711
    gateway_url: "http://127.0.0.1:8655"
    gateway_token: "{{ tollboard_token }}"
  delegate_to: localhost
  register: texts
`,
  twilio_call: `# wake somebody up, and fail when nobody answers within five minutes
- tollboard.twilio.twilio_call:
    say: "The database of the shop is down."
    language: en-GB
    account_sid: "{{ twilio_account_sid }}"
    auth_token: "{{ twilio_auth_token }}"
    from_number: "+15552014545"
    to_number: "+15553035681"
    wait_until: final
    wait: 300
  delegate_to: localhost
`,
};
