// SPDX-License-Identifier: Apache-2.0
// Fills a message: {name} takes a parameter (numbers are grouped), {name:one|many} picks a word by the
// number's plural form. No other syntax; an absent parameter stays visible as {name}, never hidden.
export type Lang = 'ja' | 'en';
export type Params = Record<string, string | number>;

const plural = { ja: new Intl.PluralRules('ja'), en: new Intl.PluralRules('en') };
const number = { ja: new Intl.NumberFormat('ja'), en: new Intl.NumberFormat('en') };

export function fill(lang: Lang, text: string, params?: Params): string {
	if (!params)
		return text;
	return text.replace(/\{(\w+)(?::([^|}]*)\|([^}]*))?\}/g, (whole, name: string, one?: string, many?: string) => {
		const v = params[name];
		if (v === undefined)
			return whole;
		if (one !== undefined && many !== undefined)
			return plural[lang].select(Number(v)) === 'one' ? one : many;
		return typeof v === 'number' ? number[lang].format(v) : v;
	});
}
