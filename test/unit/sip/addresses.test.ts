// Addresses in SIP headers: as phones really write them, and as nobody should.
import fc from 'fast-check';
import { escapeUser, formatAddress, parseAddress, parseUri, splitAddresses } from '../../../engine/sip/addresses';

test.each([
  ['"Alice" <sip:alice@example.test>;tag=1', 'Alice', 'sip:alice@example.test', { tag: '1' }],
  ['Alice Moreau <sip:alice@example.test;transport=tcp>', 'Alice Moreau', 'sip:alice@example.test;transport=tcp', {}],
  ['sip:alice@example.test;tag=a', '', 'sip:alice@example.test', { tag: 'a' }],
  ['<sip:+441234@example.test;user=phone> ; tag = x', '', 'sip:+441234@example.test;user=phone', { tag: 'x' }],
  ['"A \\"B\\" \\\\ C" <sip:a@b>', 'A "B" \\ C', 'sip:a@b', {}],
  ['"Line\r\n break" <sip:a@b>', 'Line break', 'sip:a@b', {}],
  ['"" <sip:a@b>;expires=60;q="0.5"', '', 'sip:a@b', { expires: '60', q: '0.5' }],
])('%s', (text, name, uri, params) => {
  const parsed = parseAddress(text);
  expect(parsed && { name: parsed.name, uri: parsed.uri, params: Object.fromEntries(parsed.params) }).toEqual({ name, uri, params });
});

test.each(['', '"unclosed <sip:a@b>', '<sip:a b>', 'two words'])('%j is no address', (text) => { expect(parseAddress(text)).toBeNull(); });

test.each([
  ['sip:help-desk@example.test', 'help-desk', 'example.test', null],
  ['sip:%41lice@EXAMPLE.test:5080;transport=udp?x=y', 'Alice', 'example.test', 5080],
  ['sips:bob:secret@[2001:db8::1]:5061', 'bob', '[2001:db8::1]', 5061],
  ['sip:example.test', '', 'example.test', null],
  ['sip:+441234;phone-context=x@example.test', '+441234', 'example.test', null],
  ['tel:+44-(12)34.5;phone-context=+44', '+4412345', '', null],
  ['sip:%zz@example.test', '%zz', 'example.test', null],
])('%s', (text, user, host, port) => { expect(parseUri(text)).toMatchObject({ user, host, port }); });

test.each(['', 'http://example.test', 'sip:', 'sip:a@b:99999', 'sip:a@b c', 'mailto:a@b'])('%j is no URI of ours', (text) => { expect(parseUri(text)).toBeNull(); });

test('commas inside quotes and brackets do not separate', () => {
  expect(splitAddresses('"A, B" <sip:a@b;x=1,2>;q=1, <sip:c@d> , sip:e@f')).toEqual(['"A, B" <sip:a@b;x=1,2>;q=1', '<sip:c@d>', 'sip:e@f']);
});

test('any name and user come back as they went, without breaking the line', () => {
  fc.assert(fc.property(fc.string(), fc.string({ minLength: 1, unit: 'grapheme' }), (name, user) => {
    const written = formatAddress(name, `sip:${escapeUser(user)}@example.test`);
    expect(written).not.toMatch(/[\r\n]/);
    const read = parseAddress(written);
    expect(read).not.toBeNull();
    expect(parseUri(read?.uri ?? '')?.host).toBe('example.test');
  }));
});

test('anything at all can be read without a throw', () => {
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('<', '>', '"', '\\', ';', ',', '@', ':', '=', 's', 'i', 'p', ' ', '\r\n ', '%', '[', ']') }), (text) => {
    parseAddress(text);
    parseUri(`sip:${text}`);
    splitAddresses(text);
  }));
});
