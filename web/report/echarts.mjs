// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The parts of Apache ECharts that the report needs: Sankey diagrams with tooltips, drawn as SVG.
// scripts/fetch-echarts makes one file of them, with the global name `echarts`.
export { init, use, version } from 'echarts/core';
import { use } from 'echarts/core';
import { SankeyChart } from 'echarts/charts';
import { TooltipComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

use([SankeyChart, TooltipComponent, SVGRenderer]);
