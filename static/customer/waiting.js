// Leads back to a recording that only this browser keeps: the server, which heard nothing of it yet, cannot say so.

import { Keep, linkOf } from "./keep.js";

const LEAST_SECONDS = 0.5;
const note = document.getElementById("kept-here");
const keep = await Keep.openMade();
const link = await linkOf(new URL(note.dataset.recorder, location).pathname);
const rows = (await keep?.recordings(link).catch(() => [])) ?? [];
const isWaiting = (row) => !row.file && row.segments.reduce((sum, segment) => sum + segment.seconds, 0) >= LEAST_SECONDS;

if (rows.some(isWaiting)) note.hidden = false;
