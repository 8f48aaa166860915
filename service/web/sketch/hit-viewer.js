// Shows hits large in the viewer, with their facts and actions.
import { screenUrl, thumbnailUrl } from "../shell/pictures.js";
import { download, sourceAddress } from "./hit-file.js";
import { gradeText, hitName, scoreName, scoreText } from "./hit-text.js";

/** @import { Hit } from "iiae-api" */
/** @import { Action, Viewer } from "../shell/viewer.js" */
/** @import { HitGrid } from "./hit-grid.js" */

/** @typedef {{ label: string, icon: string, run: (hit: Hit) => void }} HitAction */

export class HitViewer {
  #viewer;
  #grid;
  #actions;

  /**
   * @param {Viewer} viewer
   * @param {HitGrid} grid
   * @param {HitAction[]} actions
   */
  constructor(viewer, grid, actions) {
    this.#viewer = viewer;
    this.#grid = grid;
    this.#actions = actions;
  }

  /**
   * Open a hit. The viewer steps through all hits of the grid.
   * @param {Hit} hit
   * @param {string} scores the kind of the hits' scores, as in the service's answer
   */
  open(hit, scores) {
    const hits = this.#grid.shown;
    const index = hits.findIndex(({ id }) => id === hit.id);
    /** @param {number} by */
    const step = (by) => {
      const next = hits[(index + by + hits.length) % hits.length];
      if (next) this.open(next, scores);
    };
    this.#viewer.show({
      title: hitName(hit),
      url: screenUrl(hit.url),
      preview: this.#grid.thumbnailUrl(hit),
      thumbnail: thumbnailUrl(hit.url),
      facts: [
        ...gradeFacts(hit, scores),
        [scoreName(scores), scoreText(hit.score, scores)],
        ["Rank", `${index + 1} of ${hits.length}`],
        ["Photo", String(hit.id)],
        ...metadataFacts(hit),
      ],
      actions: [
        ...this.#actions.map(({ label, icon, run }) => ({ label, icon, run: () => run(hit) })),
        ...fileActions(hit),
      ],
      step: hits.length > 1 ? step : undefined,
    });
  }
}

/**
 * @param {Hit} hit
 * @returns {Action[]}
 */
function fileActions(hit) {
  const source = sourceAddress(hit);
  /** @type {Action[]} */
  const actions = [{ label: "Download", icon: "download", run: () => download(hit), stays: true }];
  if (source) actions.push({ label: "Open its source", icon: "link", href: source });
  return actions;
}

/**
 * @param {Hit} hit
 * @param {string} scores
 * @returns {[string, string][]}
 */
function gradeFacts(hit, scores) {
  return hit.grade ? [["Match", gradeText(hit, scores)]] : [];
}

/**
 * @param {Hit} hit
 * @returns {[string, string][]}
 */
function metadataFacts({ metadata }) {
  return Object.entries(metadata).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}
