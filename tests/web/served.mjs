// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The dashboard of the program itself, over a store that two vantages of the story lab were watched into: every view
// shows what the API says, by mouse, by keyboard, by its permalink, in light and dark, on a phone; and which vantage.
//
// Usage: node served.mjs MODULES BROWSER SHOTS URL RUN BARE [PART...]; for the first three see drive.mjs. RUN is the number
// of two runs: the newest of the agents cold and hot, measured end to end. BARE is one of cold that was not.
import {
	LOOKS,
	check,
	end,
	faint,
	finish,
	focused,
	go,
	hashOf,
	matched,
	open,
	overflow,
	same,
	settled,
	shot,
} from './drive.mjs';
import {quality, target, views as usual} from './served_views.mjs';

const [url, run, bare, ...only] = process.argv.slice(5);
const server = {url};
const zenn_of = rest => target('zenn.dev', rest);
// The views, and some of them over runs that were not measured end to end, or one of two.
const views = {
	...usual,
	'board-bare': {...usual.board, view: 'board', hash: `#/board?run=${bare}&agent=cold`},
	'target-bare': {...usual.target, view: 'target', hash: zenn_of({run: bare, agent: 'cold'})},
	'compare-bare': {
		...usual.compare,
		view: 'compare',
		hash: `#/compare?mode=all&a=${bare}&a_agent=cold&b=${run}&b_agent=hot`,
	},
	'compare-bare-both': {
		...usual.compare,
		view: 'compare',
		hash: `#/compare?mode=all&a=${bare}&a_agent=cold&b=${bare}&b_agent=cold`,
	},
};
const zenn = 'zenn.dev';
const text = page => page.locator('#main').innerText();
const read = async (view, page) => (await view.read(page)).map(view.trim ?? (line => line)).sort();

// What the JSON link leads to; it must be there and be JSON.
const linked = async (page, what) => {
	const href = await page.locator('#json').getAttribute('href');
	const answer = await page.request.get(new URL(href, url).href);
	const type = answer.headers()['content-type'];
	check(
		`${what}: its JSON is there`,
		answer.ok() && /^application\/json/.test(type),
		`${href}: ${answer.status()} ${type}`
	);
	return answer.json();
};
const lines = (what, want, got) => {
	const missing = want.filter(line => !got.includes(line)),
		more = got.filter(line => !want.includes(line));
	check(
		`${what} (${want.length} lines)`,
		want.length > 0 && want.length === got.length && !missing.length && !more.length,
		`not shown: ${missing.slice(0, 3).join(' // ')}; shown instead: ${more.slice(0, 3).join(' // ')}`
	);
};

// Every view says what its JSON says, and its permalink, opened elsewhere, shows the same.
const says = async () => {
	const opened = await open(server),
		{page, context} = opened;
	for (const [name, view] of Object.entries(views)) {
		await go(page, view.hash);
		await view.open?.(page);
		const json = await linked(page, name);
		lines(`${name}: says what its JSON says`, view.want(json).map(String).sort(), await read(view, page));
		const copy = await context.newPage();
		await copy.goto(url + (await hashOf(page)));
		await settled(copy, view.view ?? name);
		await view.open?.(copy);
		same(`${name}: its permalink shows the same`, await text(page), await text(copy));
		await copy.close();
	}
	await end(opened, 'says');
};

// End to end: measured in some runs of cold, not in the first; the history says which, and a lossy network what it lost.
const ends = async () => {
	const opened = await open(server, zenn_of({agent: 'cold'})),
		{page} = opened;
	const said = await page.locator('.said').innerText();
	check(
		'ends: of two destinations the worst is said',
		/^\d of 8 answered by 2 destinations; at worst [\d.]+ % lost/.test(said),
		said
	);
	const asked = {name: zenn, port: 443, protocol: 'tcp', agent: 'cold', limit: 200};
	const {items} = await (
		await page.request.get(`${url}api/v1/targets/history?${new URLSearchParams(asked)}`)
	).json();
	const measured = items.filter(one => one.e2e),
		lossy = measured.filter(one => one.e2e.loss_pct > 0);
	check(
		'ends: some runs were measured, and lost some',
		measured.length > 0 && measured.length < items.length && lossy.length > 0,
		`${measured.length} of ${items.length}, ${lossy.length} lossy`
	);
	same('ends: the loss chart has those', measured.length, await page.locator('.levels .floor').count());
	same('ends: and what they lost', lossy.length, await page.locator('.levels .bar-lost').count());
	await page.locator('.history .numbers summary').click();
	await page.locator('.by-run tbody tr').first().waitFor();
	const shown = await page
		.locator('.by-run tbody tr')
		.evaluateAll(rows => rows.map(row => [3, 5, 9].map(i => row.cells[i].textContent || '–').join(' | ')));
	same(
		'ends: the table says what the history of the API says',
		items.map(one => quality(one.e2e).join(' | ')).join(' // '),
		shown.join(' // ')
	);
	await go(page, '#/board?agent=hot&sort=loss');
	const first = page.locator('.rows-body .row').first();
	same('ends: who never answers lost all of it', 'vm-own.lab:443', await first.locator('.c-name').innerText());
	same('ends: that is said', '100 %', await first.locator('.c-loss').innerText());
	same('ends: and that no RTT is known', '–', await first.locator('.c-median').innerText());
	await first.locator('a').click();
	await settled(page, 'target');
	check('ends: so on its page', /100 %/.test(await page.locator('.quality .lost.high').innerText()));
	await end(opened, 'ends');
};

// With the keyboard alone.
const keyboard = async () => {
	const opened = await open(server, '#/board?agent=hot'),
		{page} = opened;
	const press = page.keyboard.press.bind(page.keyboard);
	const tabTo = async wanted => {
		for (let i = 0; i < 60; i++) {
			await press('Tab');
			if (await page.evaluate(selector => document.activeElement.matches(selector), wanted))
				return true;
		}
		return false;
	};
	check('keyboard: Tab reaches a group of the board', await tabTo('.board button'));
	const group = await focused(page);
	await press('Enter');
	await page.waitForFunction(() => /group=/.test(location.hash));
	check('keyboard: Enter chooses it', (await matched(page)) < 11, `${group}: ${await matched(page)}`);
	await press('Enter');
	await page.waitForFunction(() => !/group=/.test(location.hash));
	check('keyboard: Tab reaches a verdict', await tabTo('.chip'));
	await press(' ');
	await page.waitForFunction(() => /verdict=/.test(location.hash));
	await press(' ');
	check('keyboard: Tab reaches the list', await tabTo('.rows-body a'));
	const first = await focused(page);
	await press('ArrowDown');
	check('keyboard: an arrow goes on in it', first !== (await focused(page)), await focused(page));
	await press('Home');
	same('keyboard: Home goes to its top', first, await focused(page));
	await press('Enter');
	await settled(page, 'target');
	same('keyboard: Enter opens what it says', first, await page.locator('h1').innerText());

	await go(page, target(zenn, {agent: 'hot'}));
	const when = () => page.locator('.when time').getAttribute('datetime');
	const latest = await when();
	check('keyboard: Tab reaches the slider', await tabTo('.slide input'));
	await press('ArrowLeft');
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	check('keyboard: an arrow moves it to the run before', (await when()) < latest, `${await when()} ${latest}`);
	check('keyboard: Tab reaches the graph', await tabTo('.graph [role="button"]'));
	const n_boxes = await page.locator('.graph .box').count();
	check('keyboard: Tab reaches a network of it', await tabTo('.graph .k-foreign[role="button"]'));
	await press('Enter');
	check('keyboard: Enter opens it to its routers', (await page.locator('.graph .box').count()) > n_boxes);

	await go(page, '#/flow?agent=hot');
	await page.waitForSelector('.sankey svg path');
	check('keyboard: Tab reaches the runs of the flow', await tabTo('.run-bars a'));
	await press('ArrowLeft');
	const bar = await page.evaluate(() => document.activeElement.getAttribute('href'));
	await press('Enter');
	await page.waitForFunction(hash => location.hash === hash, bar);
	await settled(page, 'flow');
	check('keyboard: and opens one', /^Run of/.test(await page.locator('.title .note').innerText()));

	await go(page, '#/heat?agent=hot');
	check('keyboard: Tab reaches the heat map', await tabTo('.rows-body a'));
	const pointed = await page.locator('.pointed').innerText();
	await press('ArrowLeft');
	check(
		'keyboard: an arrow goes to the run before',
		pointed !== (await page.locator('.pointed').innerText()),
		pointed
	);
	const name = await focused(page);
	await press('Enter');
	await settled(page, 'target');
	same('keyboard: Enter opens the target at that run', name, await page.locator('h1').innerText());
	check('keyboard: at that run', /run=\d+/.test(await hashOf(page)), await hashOf(page));

	await go(page, '#/changes');
	check('keyboard: Tab reaches the changes', await tabTo('.rows-body .c-name a'));
	await press('Tab');
	check('keyboard: and what was before', await page.evaluate(() => document.activeElement.matches('a.then')));
	await press('Enter');
	await settled(page, 'target');
	await go(page, '#/compare?mode=all');
	check('keyboard: Tab reaches the two runs', await tabTo('.pick select'));
	check('keyboard: and what is compared', await tabTo('.rows-body a'));
	await end(opened, 'keyboard');
};

// By the mouse, from view to view.
const clicks = async () => {
	const opened = await open(server, '#/board?agent=hot'),
		{page} = opened;
	await page.locator('.rows-body .row', {hasText: zenn}).locator('.c-exit').click();
	await settled(page, 'target');
	check('clicks: a row leads to its target', (await page.locator('h1').innerText()).startsWith(zenn));
	check('clicks: as it is from there', /agent=hot/.test(await hashOf(page)), await hashOf(page));
	await page.locator('.hops a', {hasText: 'AS3491'}).first().click();
	await settled(page, 'as');
	check('clicks: a network leads to its page', /^AS3491/.test(await page.locator('h1').innerText()));
	check('clicks: from there, too', /Seen from\s+hot/.test(await text(page)));
	await page.locator('.run-bars a').first().click();
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	await page.goBack();
	await page.goBack();
	await settled(page, 'target');
	const strip = page.locator('.strip').first();
	const box = await strip.boundingBox();
	await page.mouse.click(box.x + 2, box.y + box.height / 2);
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	same('clicks: the strip leads to its run', '0', await page.locator('.slide input').inputValue());
	await page.locator('#views a', {hasText: 'Run'}).click();
	await settled(page, 'run');
	check('clicks: other views keep the run', /^Run of/.test(await page.locator('.title .note').innerText()));
	await page.locator('.run-list a').nth(1).click();
	await page.waitForFunction(() => /run=\d+/.test(location.hash));
	await settled(page, 'run');
	await go(page, '#/flow?agent=hot');
	await page.waitForSelector('.sankey svg path');
	await page.locator('.sankey svg text', {hasText: 'AS3491'}).click();
	await settled(page, 'as');
	check('clicks: the diagram leads to a network', /^AS3491/.test(await page.locator('h1').innerText()));
	await end(opened, 'clicks');
};

// Flows have the colour of their paths' verdicts: handed to a sibling of the destination's network is direct.
const colours = async () => {
	const opened = await open(server, '#/flow?agent=cold'),
		{page} = opened;
	await page.waitForSelector('.sankey svg path');
	const used = () =>
		page.evaluate(() => {
			const style = getComputedStyle(document.documentElement);
			const probe = document.createElement('span');
			document.body.append(probe);
			const names = new Map();
			for (const name of ['v0', 'v1', 'v2', 'v3', 'v4']) {
				probe.style.color = style.getPropertyValue('--' + name);
				names.set(getComputedStyle(probe).color, name);
			}
			const found = [...document.querySelectorAll('.sankey svg path')].map(node => {
				probe.style.color = '';
				probe.style.color = node.getAttribute('fill');
				return names.get(getComputedStyle(probe).color);
			});
			probe.remove();
			return [...new Set(found.filter(Boolean))].sort().join(' ');
		});
	same('colours: from cold all is inside or direct, also over a sibling', 'v0 v1', await used());
	const key = () => page.locator('.title + .legend .name').allInnerTexts();
	same('colours: and the legend says so in words', 'inside direct', (await key()).join(' '));
	check('colours: as does the diagram', /direct/.test(await page.locator('.sankey svg').textContent()));
	await go(page, '#/flow?agent=hot');
	await page.waitForFunction(() => /AS3491/.test(document.querySelector('.sankey svg')?.textContent));
	same('colours: from hot the others are transit', 'v0 v3', await used());
	same('colours: in words', 'inside transit', (await key()).join(' '));
	await go(page, target('www.xbox.com', {agent: 'cold'}));
	same(
		'colours: nor is a sibling another network in the graph',
		0,
		await page.locator('.graph .k-foreign').count()
	);
	await go(page, '#/heat?agent=hot');
	const heights = await page.locator('.heat .strip').evaluateAll(strips =>
		Object.fromEntries(
			strips.map(strip => {
				const box = strip.querySelector('rect:not(.ground)');
				return [box.getAttribute('class'), Math.round(box.getBoundingClientRect().height)];
			})
		)
	);
	check('colours: the worse, the taller', heights.v0 < heights.v3, JSON.stringify(heights));
	await end(opened, 'colours');
};

// Two agents, each with a run of the same number.
const agents = async () => {
	const opened = await open(server),
		{page, context} = opened;
	const verdict = () => page.locator('.rows-body .row', {hasText: zenn}).locator('.c-verdict').innerText();
	const chosen = async label => {
		await go(page, '#/board');
		await page.locator('#run').selectOption({label});
		await settled(page);
	};
	const options = await page.locator('#run option').allInnerTexts();
	check(
		'agents: the newest of each can be chosen',
		options.includes('latest · cold') && options.includes('latest · hot'),
		options
	);
	for (const [agent, want] of [
		['cold', 'direct'],
		['hot', 'transit'],
	]) {
		await chosen(`latest · ${agent}`);
		same(`agents: ${agent}: the board`, want, await verdict());
		await go(page, `#/board?run=${run}&agent=${agent}`);
		same(`agents: ${agent}: the run of that number`, want, await verdict());
		const one = page.locator('.rows-body .row', {hasText: zenn}).locator('a');
		await one.click();
		await settled(page, 'target');
		check(
			`agents: ${agent}: the target of that run`,
			new RegExp(`run=${run}&agent=${agent}|agent=${agent}`).test(await hashOf(page))
		);
		same(`agents: ${agent}: its paths`, want, await page.locator('.path .pill').first().innerText());
		const copy = await context.newPage();
		await copy.goto(url + (await hashOf(page)));
		await settled(copy, 'target');
		same(`agents: ${agent}: its permalink`, await text(page), await text(copy));
		await copy.close();
		const history = await page.locator('.slide input').getAttribute('max');
		const {items} = await (await page.request.get(`${url}api/v1/runs?limit=500&agent=${agent}`)).json();
		same(`agents: ${agent}: the history is of its runs only`, String(items.length - 1), history);
		for (const view of ['flow', 'run', 'as?asn=8075']) {
			await go(page, `#/${view}${view.includes('?') ? '&' : '?'}run=${run}&agent=${agent}`);
			const json = await linked(page, `agents: ${agent}: ${view}`);
			same(`agents: ${agent}: ${view}: whose it is`, `${run} ${agent}`, `${json.run} ${json.agent}`);
			check(
				`agents: ${agent}: ${view}: says so`,
				new RegExp(`from\\s+${agent}`).test(await text(page)),
				await text(page)
			);
		}
		await go(page, `#/heat?agent=${agent}`);
		const map = await linked(page, `agents: ${agent}: heat`);
		same(
			`agents: ${agent}: the heat map has its runs only`,
			agent,
			[...new Set(map.runs.map(one => one.agent))].join(' ')
		);
	}
	await go(page, target(zenn, {agent: 'cold'}));
	check(
		'agents: a target says what others see',
		/from hot: transit/.test((await page.locator('.vantages').innerText()).replace(/\s+/g, ' '))
	);
	await page.locator('.vantages a', {hasText: 'hot'}).click();
	await page.waitForFunction(() => /agent=hot/.test(location.hash));
	await settled(page, 'target');
	same('agents: and leads there', 'transit', await page.locator('.path .pill').first().innerText());

	// The picture of it all: the same targets, seen from the two vantages at the same time.
	await go(page, '#/compare');
	await page.locator('.pick select').nth(1).selectOption({index: 0});
	await settled(page, 'compare');
	await go(page, `#/compare?a=${run}&a_agent=cold&b=${run}&b_agent=hot`);
	const row = page.locator('.rows-body .row', {hasText: zenn});
	same('agents: compared: the verdict', 'direct → transit', await row.locator('.c-two').innerText());
	check(
		'agents: compared: the exit',
		/AS13335 .* → AS3491 /.test(await row.locator('.c-path').innerText()),
		await row.innerText()
	);
	same('agents: compared: only these differ', 3, await page.locator('.rows-body .row').count());
	check(
		'agents: compared: said in words',
		/3 of 11 targets differ; 3 are worse from hot/.test(await text(page)),
		await text(page)
	);
	const json = await linked(page, 'agents: compared');
	same(
		'agents: compared: whose they are',
		`${run} cold ${run} hot`,
		`${json.a} ${json.a_agent} ${json.b} ${json.b_agent}`
	);
	await shot(page, 'served-vantages');
	await row.locator('.c-name a').click();
	await settled(page, 'target');
	check('agents: compared: a row leads to the second', /agent=hot/.test(await hashOf(page)), await hashOf(page));
	await page.goBack();
	await settled(page, 'compare');
	await page.locator('.pick select').first().selectOption({index: 1});
	await page.waitForFunction(() => /a_agent=/.test(location.hash));
	await settled(page, 'compare');
	await go(page, '#/compare');
	const two = await linked(page, 'agents: compared by itself');
	same('agents: by itself the newest is compared with its own before', two.b_agent, two.a_agent);
	await end(opened, 'agents');
};

// Pictures of each, and none wider than the screen.
const looks = async () => {
	const of = {
		...Object.fromEntries(Object.entries(views).map(([name, view]) => [name, view.hash])),
		'board-hot': '#/board?agent=hot',
		'flow-hot': '#/flow?agent=hot',
		'heat-hot': '#/heat?agent=hot',
		'target-hot': target(zenn, {agent: 'hot'}),
		vantages: `#/compare?a=${run}&a_agent=cold&b=${run}&b_agent=hot`,
	};
	for (const [look, options] of Object.entries(LOOKS)) {
		const opened = await open(server, '', options),
			{page} = opened;
		for (const [name, hash] of Object.entries(of)) {
			await go(page, hash);
			if (name.startsWith('flow')) await page.waitForSelector('.sankey svg path');
			const over = await overflow(page);
			check(`looks: ${name}, ${look}: no wider than the screen`, over <= 0, over);
			const hard = await faint(page);
			same(`looks: ${name}, ${look}: all text can be read`, '', hard.slice(0, 5).join('; '));
			await shot(page, `served-${name}-${look}`, true);
		}
		await end(opened, `looks: ${look}`);
	}
};

try {
	for (const [name, part] of Object.entries({says, ends, keyboard, clicks, colours, agents, looks})) {
		if (only.length && !only.includes(name)) continue;
		try {
			await part();
		} catch (error) {
			check(
				`${name}: the browser could be driven`,
				false,
				error.stack.split('\n').slice(0, 6).join(' ')
			);
		}
	}
} finally {
	finish();
}
