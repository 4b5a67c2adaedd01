import { describe, expect, it } from 'vitest';
import { escapeXml, xmlFault } from './xml.ts';

describe('a document', () => {
  const whole = [
    '<Response/>',
    '<Response></Response>',
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n  <Say voice="alice">Hi &amp; bye &#233; &#xE9;</Say>\n</Response>\n',
    "<Response><Message to='+15551230001'>a > b <![CDATA[<&]]></Message><!-- - a comment --><?go on?></Response>",
    `<Response><Message>${escapeXml(`<Say>&"'\u0000 ]]>`)}</Message></Response>`,
    '<Response ><Gather  input = "speech" ><Play/></Gather ></Response >',
    '<Response><Ünï.x-1/></Response>',
    '<Response><e\u0301·/></Response>',
    '\uFEFF<?xml version="1.0" encoding="UTF-8"?><Response/>',
    '\uFEFF<Response/>\r\n',
  ];
  it.each(whole)('%j is well-formed', (document) => expect(xmlFault(document, 'Response')).toBeNull());

  const broken: Array<[document: string, says: string]> = [
    ['', 'line 1: there is no <Response>'],
    ['<Response>\f</Response>', 'line 1: a character that XML cannot hold'],
    ['<Response>\n&#0;</Response>', 'line 1: a character that XML cannot hold'],
    ['<Response><Play x="&#xD800;"/></Response>', 'line 1: a character that XML cannot hold'],
    ['hello', 'line 1: a text stands outside of <Response>'],
    ['<Response>Tom & Jerry</Response>', 'line 1: an & that is meant as text is written &amp;'],
    [
      '<Response>\n<Say>a < b</Say></Response>',
      'line 2: what begins with < is no tag; a < that is meant as text is written &lt;',
    ],
    ['<Response><Say>x</say></Response>', 'line 1: </say> stands where </Say> is due'],
    ['<Response><Say>x</Response>', 'line 1: </Response> stands where </Say> is due'],
    ['<Response><Say>x</Say>', 'line 1: <Response> is never closed'],
    ['<Response></Response a="b">', 'line 1: </Response> holds more than its name'],
    ['<Response></Response/>', 'line 1: </Response> holds more than its name'],
    ['<Response/>\u00A0', 'line 1: a text stands outside of <Response>'],
    ['<Response/></Response>', 'line 1: </Response> closes nothing'],
    ['<Response/><Response/>', 'line 1: <Response> stands where one <Response> is all'],
    ['<Message>x</Message>', 'line 1: <Message> stands where one <Response> is all'],
    [
      '<Response><Say voice=alice>x</Say></Response>',
      'line 1: what begins with < is no tag; a < that is meant as text is written &lt;',
    ],
    ['<Response><Say voice="a" voice="b">x</Say></Response>', 'line 1: <Say> has an attribute twice'],
    ['<Response><Play x="a&b"/></Response>', 'line 1: an & that is meant as text is written &amp;'],
    ['<Response>]]></Response>', 'line 1: ]]> within a text is written ]]&gt;'],
    [
      '\n<?xml version="1.0"?><Response/>',
      'line 2: what begins with < is no tag; a < that is meant as text is written &lt;',
    ],
    ['<!DOCTYPE x><Response/>', 'line 1: what begins with < is no tag; a < that is meant as text is written &lt;'],
  ];
  it.each(broken)('%j is not', (document, says) => expect(xmlFault(document, 'Response')).toBe(says));

  it('is read in time that grows with it', () => {
    const began = performance.now();
    for (const piece of ['<a', '<a b', '&', '<!--', '<a b="', ' ', '-'])
      expect(xmlFault(`<Response>${piece.repeat(20_000)}`, 'Response')).not.toBeNull();
    expect(performance.now() - began).toBeLessThan(5000);
  });
});
