// What the parser makes of well-formed oddities, of mistakes, and of streams cut anywhere. The cases follow RFC 3261 and the themes of RFC 4475.
import fc from 'fast-check';
import { paramOf, parseNameAddr, parseUri, parseVia } from '../../../engine/edge/sip/address';
import { Framer } from '../../../engine/edge/sip/framing';
import { header, listOf, splitList, valueOf } from '../../../engine/edge/sip/headers';
import { writeMessage } from '../../../engine/edge/sip/message';
import { parseDatagram } from '../../../engine/edge/sip/parser';
import { asRequest, parse, request } from './support';

const lines = (...text: string[]): string => [...text, '', ''].join('\r\n');
const BASE = ['Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1', 'From: <sip:a@b.example>;tag=1', 'To: <sip:c@d.example>', 'Call-ID: x', 'CSeq: 1 OPTIONS'];
const options = (...extra: string[]): string => lines('OPTIONS sip:c@d.example SIP/2.0', ...BASE, ...extra);
const without = (key: string): string => lines('OPTIONS sip:c@d.example SIP/2.0', ...BASE.filter((line) => !line.startsWith(key)));
const replaced = (key: string, line: string): string => lines('OPTIONS sip:c@d.example SIP/2.0', ...BASE.map((old) => (old.startsWith(key) ? line : old)));

describe('a request that is odd but right', () => {
  test('in compact forms, folded, with white space and letter case as it likes', () => {
    const message = asRequest(lines(
      'INVITE sip:vivekg@chair-dnrc.example;unknownparam SIP/2.0', 'TO :', ' sip:vivekg@chair-dnrc.example ;   tag    = 1918181833n', 'f: "J Rosenberg \\\\\\""   <sip:jdrosen@example.com>', '  ;', '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068', 'i: wsinv.ndaksdj@192.0.2.1', 'CSEQ   : 0009', '  INVITE', 'v  : SIP  / 2.0', '  /UDP', '    192.0.2.2;branch=390skdjuw', 's :', 'NewFangled:   newfangled value', ' continued newfangled value',
      'k: timer', 'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam = newvalue ; secondparam ; q = 0.33', 'l: 0',
    ));
    expect(message.fault).toBeUndefined();
    expect([message.callId, message.cseq, message.cseqMethod, message.fromTag, message.toTag]).toEqual(['wsinv.ndaksdj@192.0.2.1', 9, 'INVITE', '98asjd8', '1918181833n']);
    expect(message.via).toMatchObject({ transport: 'UDP', host: '192.0.2.2', branch: '390skdjuw' });
    expect(valueOf(message.headers, 'newfangled')).toBe('newfangled value continued newfangled value');
    expect(message.headers.map(({ name }) => name)).toEqual(['To', 'From', 'Max-Forwards', 'Call-ID', 'CSeq', 'Via', 'Subject', 'NewFangled', 'Supported', 'Contact', 'Content-Length']);
  });

  test.each([
    ['with bare line feeds', options().replaceAll('\r\n', '\n')],
    ['after line ends that keep a mapping alive', `\r\n\r\n${options()}`],
    ['with an unknown method of every token character', lines("!interesting-Method0123456789_*+`.%indeed'~ sip:c@d.example SIP/2.0", ...BASE.slice(0, 4), "CSeq: 1 !interesting-Method0123456789_*+`.%indeed'~")],
    ['with escapes and semicolons in the user part', lines('OPTIONS sip:user;par=u%40example.net@d.example SIP/2.0', ...BASE)],
    ['with a tel URI', lines('OPTIONS tel:+4312345 SIP/2.0', ...BASE)],
    ['with a display name in UTF-8', replaced('From', 'From: "イ・Ä" <sip:a@b.example>;tag=1')],
    ['with empty reason for nothing', options('Warning:')],
    ['with bytes after its body', options('Content-Length: 0') + 'trailing'],
    ['with the same header twice, saying the same', options('Call-ID: x')],
  ])('%s has no fault', (_title, text) => {
    expect(asRequest(text).fault).toBeUndefined();
  });

  test('lists keep their order over lines and commas, quotes and brackets', () => {
    const message = asRequest(options('Route: <sip:a;lr>, "b, c" <sip:b,c;lr>', 'ROUTE: <sip:d>'));
    expect(listOf(message.headers, 'route')).toEqual(['<sip:a;lr>', '"b, c" <sip:b,c;lr>', '<sip:d>']);
    expect(splitList(', a,,b ,')).toEqual(['a', 'b']);
  });
});

describe('a request that is wrong is answered by its mistake', () => {
  test.each<[string, string, number]>([
    ['no Call-ID', without('Call-ID'), 400],
    ['no From', without('From'), 400],
    ['no To', without('To'), 400],
    ['no CSeq', without('CSeq'), 400],
    ['a CSeq of another method', replaced('CSeq', 'CSeq: 1 INVITE'), 400],
    ['a CSeq that does not fit', replaced('CSeq', 'CSeq: 36893488147419103232 OPTIONS'), 400],
    ['a negative Content-Length', options('Content-Length: -999'), 400],
    ['a Content-Length beyond the datagram', options('Content-Length: 9999'), 400],
    ['two Content-Lengths', options('Content-Length: 0', 'Content-Length: 1'), 400],
    ['two Call-IDs', options('Call-ID: y'), 400],
    ['two Froms', options('From: <sip:z@b.example>;tag=2'), 400],
    ['a bar in its Call-ID, which would confuse whoever reads ids', replaced('Call-ID', 'Call-ID: a|b'), 400],
    ['a tag that is no token', replaced('From', 'From: <sip:a@b.example>;tag=a|b'), 400],
    ['an open quote', replaced('To', 'To: "Mr. J. User <sip:c@d.example>'), 400],
    ['an open bracket', replaced('To', 'To: <sip:c@d.example'), 400],
    ['a line that is no header', options('no colon here'), 400],
    ['a header name with a space', options('Bad Name: x'), 400],
    ['a bare carriage return', options('X: a\rb'), 400],
    ['a zero byte', options('X: a\0b'), 400],
    ['a Request-URI in brackets', lines('OPTIONS <sip:c@d.example> SIP/2.0', ...BASE), 400],
    ['a Request-URI with spaces', lines('OPTIONS sip:c@d.example; lr SIP/2.0', ...BASE), 400],
    ['a scheme nobody knows', lines('OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0', ...BASE), 416],
    ['another version', lines('OPTIONS sip:c@d.example SIP/7.0', ...BASE), 505],
    ['too many hops to count', options('Max-Forwards: 300'), 400],
    ['a Contact that is none', options('Contact: "x'), 400],
    ['an INVITE without Contact', lines('INVITE sip:c@d.example SIP/2.0', ...BASE.slice(0, 4), 'CSeq: 1 INVITE'), 400],
  ])('%s', (_title, text, status) => {
    expect(asRequest(text).fault?.status).toBe(status);
  });

  test.each([
    ['nothing', ''], ['line ends only', '\r\n\r\n'], ['noise', '\u0000\u0001\u0002'], ['no Via', without('Via')], ['a Via that cannot be answered to', replaced('Via', 'Via: SIP/2.0/UDP ;branch=x')],
    ['another protocol', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'], ['a response without CSeq', lines('SIP/2.0 200 OK', ...BASE.slice(0, 4))], ['a response of no class', lines('SIP/2.0 799 No', ...BASE)],
    ['a response shorter than it says', lines('SIP/2.0 200 OK', ...BASE, 'Content-Length: 10')],
  ])('%s is dropped', (_title, text) => {
    expect(parseDatagram(Buffer.from(text))).toBeUndefined();
  });
});

test('what is written is read back the same', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'B', '3', ' ', '-', '"', 'ä', '語', '=', ';') });
  fc.assert(fc.property(text, fc.array(text, { maxLength: 5 }), (body, values) => {
    const headers = [...BASE.map((line) => header(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2))), ...values.map((value, i) => header(`X-${i}`, value.trim()))];
    const message = asRequest(writeMessage('OPTIONS sip:c@d.example SIP/2.0', headers, body));
    expect([message.body, message.headers.filter(({ key }) => key !== 'content-length')]).toEqual([body, headers]);
  }));
});

describe('small grammars', () => {
  test.each([
    ['sip:alice@host.example:5070;transport=tcp?subject=x', { scheme: 'sip', user: 'alice', host: 'host.example', port: 5070, params: ';transport=tcp' }],
    ['SIPS:host', { scheme: 'sips', user: '', host: 'host', port: undefined, params: '' }],
    ['sip:a:secret@[2001:db8::1]:5060', { scheme: 'sip', user: 'a:secret', host: '[2001:db8::1]', port: 5060, params: '' }],
    ['sip:@host', undefined], ['sip:a@', undefined], ['sip:a@host:0', undefined], ['sip:a@host:99999', undefined], ['host', undefined], ['sip:a b@host', undefined],
  ])('URI %s', (text, expected) => { expect(parseUri(text)).toEqual(expected); });

  test.each([
    ['"A, \\"B\\"" <sip:a@b;x=1>;tag=2', { display: '"A, \\"B\\""', uri: 'sip:a@b;x=1', params: ';tag=2' }],
    ['sip:a@b;tag=2', { display: '', uri: 'sip:a@b', params: ';tag=2' }],
    ['Some Body<sip:a@b>', { display: 'Some Body', uri: 'sip:a@b', params: '' }],
    ['"open <sip:a@b>', undefined], ['<sip:a@b', undefined], ['<sip:a@b>tag', undefined], ['', undefined],
  ])('address %s', (text, expected) => { expect(parseNameAddr(text)).toEqual(expected); });

  test('parameters are found by name, in any case, quoted or bare', () => {
    const params = ';A=1; b = "x;y=2" ;c;tag=z';
    expect(['a', 'b', 'c', 'tag', 'y'].map((name) => paramOf(params, name))).toEqual(['1', '"x;y=2"', '', 'z', undefined]);
    expect(parseVia('SIP / 2.0 / TCP host.example : 5061 ;branch=z9;rport')).toMatchObject({ transport: 'TCP', host: 'host.example', port: 5061, branch: 'z9' });
  });
});

describe('a TCP stream', () => {
  const stream = request('INVITE', { body: 'v=0\r\nö\r\n\r\n' }) + request('OPTIONS', { branch: 'z9hG4bK-2' });

  test('gives the same messages however it is cut', () => {
    const bytes = Buffer.from(`${stream}\r\n\r\n${stream}\r\n`);
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 }), (cuts) => {
      const framer = new Framer();
      const places = [0, ...[...new Set(cuts)].sort((a, b) => a - b), bytes.length];
      const found = places.slice(1).flatMap((end, i) => framer.push(bytes.subarray(places[i], end)));
      expect(found.map((framed) => (framed.kind === 'message' && framed.message.kind === 'request' ? framed.message.method : framed.kind))).toEqual(['INVITE', 'OPTIONS', 'ping', 'INVITE', 'OPTIONS']);
      expect(framer.waiting).toBe(false);
    }));
  });

  test.each([
    ['has no Content-Length', request('OPTIONS').replace(/Content-Length.*\r\n/, ''), 400],
    ['says it is longer than we hold', request('OPTIONS').replace('Content-Length: 0', 'Content-Length: 9000000'), 513],
    ['is no SIP', 'HELO there\r\n\r\n', undefined],
    ['has a head without end', `OPTIONS sip:a SIP/2.0\r\nX: ${'y'.repeat(20_000)}`, undefined],
  ])('that %s is broken off, after an answer where one is possible', (_title, text, status) => {
    const [framed] = new Framer().push(Buffer.from(text));
    if (framed?.kind !== 'broken') throw new Error('it was not broken off');
    expect(framed.message?.kind === 'request' ? framed.message.fault?.status : undefined).toBe(status);
  });

  test('is said to wait only while part of a message is there', () => {
    const framer = new Framer();
    framer.push(Buffer.from('\r\n'));
    expect(framer.waiting).toBe(false);
    framer.push(Buffer.from('OPTIONS'));
    expect(framer.waiting).toBe(true);
  });
});

test('parse is what the tests above take it for', () => {
  expect(() => parse('nonsense')).toThrow('not SIP');
});
