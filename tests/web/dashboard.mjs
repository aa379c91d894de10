// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Drives the dashboard in a browser: looks, filters, opens, goes back, reloads.
//
// Usage: node dashboard.mjs MODULES BROWSER SHOTS ASSETS ECHARTS [PART...]
// ASSETS is web/dashboard, ECHARTS what draws its diagram; for the others see drive.mjs.
import {check, finish} from './drive.mjs';
import * as use from './dashboard_use.mjs';
import * as quality from './dashboard_quality.mjs';
import * as views from './dashboard_views.mjs';
import {serve} from './mock_api.mjs';

const [assets, echarts, ...only] = process.argv.slice(5);
const KINDS = {graph: 'hostile', hostile: 'hostile', empty: 'empty', broken: 'broken'};

try {
	for (const [name, part] of Object.entries({...views, ...quality, ...use})) {
		if (only.length && !only.includes(name)) continue;
		const server = await serve({kind: KINDS[name] ?? 'large', assets, echarts});
		try {
			await part(server);
		} catch (error) {
			check(
				`${name}: the browser could be driven`,
				false,
				error.stack.split('\n').slice(0, 6).join(' ')
			);
		}
		await server.close();
	}
} finally {
	finish();
}
