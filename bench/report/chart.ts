/**
 * The chart of a run: round trips and calls per second, for each peer.
 *
 * @module
 */
import * as echarts from "echarts";
import type { Machine } from "../driver/machine.ts";
import type { Placement } from "../driver/pair.ts";
import type { Results } from "../driver/results.ts";
import { type ContenderName, TITLES } from "../peers/catalog.ts";
import { figureText } from "./numbers.ts";

const WIDTH = 900;
const HEIGHT = 500;

/** Grey that can be read on white and on black alike; and colours of the placements, for which the same holds. */
const TEXT = "#7a828c";
const LINE = "#8b949e55";
const COLOURS: readonly string[] = ["#1f9e89", "#d9822b"];

/** Both halves: where they are, what they show. */
const HALVES = [
  { measure: "round trip p50", title: "round trip, median (µs, less is better)", unit: "µs", left: 130, width: 270 },
  {
    measure: "64 in flight",
    title: "calls a second, 64 in flight (more is better)",
    unit: "calls/s",
    left: 570,
    width: 270,
  },
] as const;

const NAMES: readonly ContenderName[] = [
  "floor",
  "callSync",
  "procslink",
  "lines",
  "framed",
  "vscode",
  "zeromq",
  "http",
  "lines_hand_tuned",
];

/** Where calls are measured. */
const PLACEMENTS: readonly Placement[] = ["two cores", "free", "one core"];

/**
 * Draws the chart.
 *
 * @param results The figures, with those of the section "calls".
 * @param machine What they were measured on.
 * @param rounds How many runs each figure is the median of.
 * @returns An SVG.
 */
export function chartOf(results: Results, machine: Machine, rounds: number): string {
  const placements = PLACEMENTS.filter((place) =>
    results.figures.some(({ section, where }) => section === "calls" && where === place)
  );
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: HEIGHT });
  const { cpu, cores, kernel, deno, date } = machine;
  const subtext = `${cpu}, ${cores} cores, ${kernel}, Deno ${deno}; ${date} UTC; medians of ${rounds} runs`;
  chart.setOption({
    animation: false,
    backgroundColor: "transparent",
    textStyle: { color: TEXT, fontFamily: "sans-serif" },
    color: [...COLOURS],
    title: [
      {
        text: "Small JSON-RPC calls between two processes",
        subtext,
        left: "center",
        textStyle: { color: TEXT, fontSize: 16 },
        subtextStyle: { color: TEXT, fontSize: 11 },
      },
      ...HALVES.map(({ title, left, width }) => ({
        text: title,
        left: left + width / 2,
        top: 62,
        textAlign: "center" as const,
        textStyle: { color: TEXT, fontSize: 12, fontWeight: "normal" as const },
      })),
    ],
    legend: { data: [...placements], bottom: 6, textStyle: { color: TEXT } },
    grid: HALVES.map(({ left, width }) => ({ left, width, top: 90, bottom: 60 })),
    xAxis: HALVES.map((_, gridIndex) => ({
      gridIndex,
      type: "value" as const,
      axisLabel: { color: TEXT, formatter: (value: number) => value >= 1_000 ? `${value / 1_000}k` : String(value) },
      splitNumber: 4,
      splitLine: { lineStyle: { color: LINE } },
    })),
    yAxis: HALVES.map(({ measure }, gridIndex) => ({
      gridIndex,
      type: "category" as const,
      inverse: true,
      data: shown(results, measure).map((name) => TITLES[name]),
      axisLabel: { color: TEXT },
      axisLine: { lineStyle: { color: LINE } },
      axisTick: { show: false },
    })),
    series: HALVES.flatMap(({ measure, unit }, index) =>
      placements.map((where) => ({
        type: "bar" as const,
        name: where,
        xAxisIndex: index,
        yAxisIndex: index,
        data: shown(results, measure).map((name) => {
          return results.median({ section: "calls", measure, where, who: TITLES[name] }) ?? null;
        }),
        label: {
          show: true,
          position: "right" as const,
          color: TEXT,
          fontSize: 10,
          formatter: ({ value }: { value?: unknown }) => typeof value === "number" ? figureText(value, unit) : "",
        },
      }))
    ),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

/** Of whom there are figures. */
function shown(results: Results, measure: string): ContenderName[] {
  return NAMES.filter((name) => {
    return PLACEMENTS.some((where) => {
      return results.median({ section: "calls", measure, where, who: TITLES[name] }) !== undefined;
    });
  });
}
