/* Socialproof widget. Upgrades <a data-socialproof> links in place. No cookie, no storage, one host, nothing thrown.
   Every platform function is captured when the script runs, so pages that patch prototypes later cannot break it. */
(() => {
  "use strict";
  const NAME = "socialproof-widget", LINK = "a[data-socialproof]", MINE = Symbol(), D = document, W = window;
  const { apply } = Reflect, take = (owner, name, f = (owner.prototype || owner)[name]) => (self, ...args) => apply(f, self, args);
  const quiet = (f) => { try { return f(); } catch { /* the page is not ours to disturb */ } };

  quiet(() => {
    if (customElements.get(NAME)) return;
    const E = Element, S = String, N = Node;
    const create = take(Document, "createElement"), words = take(Document, "createTextNode");
    const all = take(Document, "querySelectorAll"), closest = take(E, "closest"), rect = take(E, "getBoundingClientRect");
    const insert = take(N, "insertBefore"), put = (to, node, next = null) => insert(to, node, next), set = take(E, "setAttribute"), get = take(E, "getAttribute");
    const remove = take(N, "removeChild"), shadow = take(E, "attachShadow"), on = take(EventTarget, "addEventListener");
    const style = take(CSSStyleDeclaration, "setProperty"), plain = take(CSSStyleDeclaration, "removeProperty");
    const push = take(Array, "push"), indexOf = take(S, "indexOf"), slice = take(S, "slice"), match = take(RegExp, "exec");
    const json = take(Response, "json"), load = take(W, "fetch"), wait = take(W, "setTimeout"), look = take(W, "getComputedStyle");
    const play = take(HTMLMediaElement, "play"), pause = take(HTMLMediaElement, "pause"), focus = take(HTMLElement, "focus");
    const watch = take(ResizeObserver, "observe"), unwatch = take(ResizeObserver, "disconnect");
    const see = take(IntersectionObserver, "observe"), unsee = take(IntersectionObserver, "disconnect");
    const media = take(W, "matchMedia"), limit = AbortSignal.timeout;
    const Sizes = ResizeObserver, Sight = IntersectionObserver, Address = URL;

    const sheet = (css) => { const s = new CSSStyleSheet(); s.replaceSync(css); return s; };
    const base = sheet(`
:host{all:initial!important;display:block!important;direction:ltr!important;contain:layout style!important;min-height:var(--reserve,0)!important;
font:400 16px/1.55 var(--socialproof-font,ui-sans-serif,system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif)!important}
:host([off="1"]){display:none!important}
*{box-sizing:border-box;margin:0;padding:0}
.box{--a:var(--socialproof-accent,var(--accent));--r:var(--socialproof-radius,14px);--k:#1b2226;--m:#59646c;--l:#e3e7e9;--c:#fff;
--t:color-mix(in srgb,var(--a) 13%,var(--c));color:var(--k);display:flex;flex-direction:column;gap:18px;max-height:var(--cap,none);overflow-wrap:anywhere;color-scheme:light}
.dark{--k:#edf1f2;--m:#a5b0b6;--l:#30383c;--c:#1b2124;color-scheme:dark}
header{display:flex;flex-wrap:wrap;gap:14px 32px;align-items:end;justify-content:space-between;flex:none}
.h{font-size:22px;line-height:1.25;font-weight:650;letter-spacing:-.012em;text-wrap:balance;flex:1 1 220px}
.nps{display:grid;grid-template-columns:auto minmax(0,1fr);gap:0 14px;align-items:center;max-width:430px}
.n{font-size:36px;line-height:1;font-weight:680;letter-spacing:-.03em;white-space:nowrap}
.n small{font-size:16px;font-weight:500;letter-spacing:0;color:var(--m)}
.s,.d,.meta{font-size:13px;line-height:1.45;color:var(--m)}
.s b{display:block;color:var(--k);font-weight:600}
.bar{grid-column:1/-1;position:relative;height:4px;border-radius:2px;background:var(--l);margin-top:10px}
.bar i{position:absolute;top:0;bottom:0;border-radius:2px;background:color-mix(in srgb,var(--a) 45%,var(--c))}
.bar i+i{top:-4px;bottom:-4px;width:4px;margin-left:-2px;background:var(--k)}
.fold{position:relative;display:flex;flex:0 1 auto;min-height:150px}
.single .fold{container-type:inline-size;display:block}
.clip{overflow:hidden;margin:-4px;padding:4px;flex:1;min-width:0}
.cut .clip{mask-image:linear-gradient(#000 calc(100% - 130px),#0003)}
ul{list-style:none}
.wall ul{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,270px),1fr));grid-auto-rows:2px;gap:0 16px}
.wall li{grid-row-end:span 80;min-width:0}
article{background:var(--c);border:1px solid var(--l);border-radius:var(--r);padding:20px;box-shadow:0 1px 2px #0000000a;display:flex;flex-direction:column;gap:16px}
.star{border-color:color-mix(in srgb,var(--a) 55%,var(--l))}
blockquote{white-space:pre-line}
.long blockquote{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:9;overflow:hidden}
mark{color:inherit;background:color-mix(in srgb,var(--a) 20%,transparent);border-radius:3px;box-decoration-break:clone;padding:1px 2px;margin:0 -2px}
.who{display:flex;gap:12px;align-items:center;min-width:0}
.who>div{min-width:0}
.who img,.ini{flex:none;width:44px;height:44px;border-radius:50%;object-fit:cover;background:var(--t)}
.ini{display:grid;place-items:center;font-size:15px;font-weight:600}
.name{font-weight:600;line-height:1.3}
.meta{display:flex;flex-wrap:wrap;gap:0 10px}
button{font:inherit;color:inherit;cursor:pointer;background:var(--c);border:1px solid var(--l);border-radius:99px;min-height:40px;padding:6px 18px;font-size:14px;font-weight:600}
button:hover{border-color:var(--m)}
:focus-visible{outline:2px solid var(--k);outline-offset:2px}
.x{align-self:start;border:0;min-height:24px;padding:0;background:none;text-decoration:underline;text-underline-offset:3px}
.more{position:absolute;bottom:14px;left:50%;translate:-50%;box-shadow:0 4px 18px #0003;display:none}
.cut .more{display:block}
.v{position:relative;overflow:hidden;border-radius:calc(var(--r) - 6px);background:#101416;margin:-10px -10px 0}
.v img,.v video{display:block;width:100%;height:auto;max-height:440px;object-fit:cover}
.v video{object-fit:contain}
::cue{font-size:max(14px,1em)}
.v button{position:absolute;inset:0;width:100%;border:0;border-radius:inherit;background:linear-gradient(#0000 55%,#0007);padding:0}
.v button:before,.v button:after{content:"";position:absolute;inset:0;margin:auto;width:60px;height:60px;border-radius:50%;background:#fff;box-shadow:0 4px 22px #0005}
.v button:after{translate:3px;width:18px;height:22px;border-radius:0;background:#12181b;clip-path:polygon(0 0,100% 50%,0 100%)}
.v button:focus-visible{outline:3px solid #fff;outline-offset:-6px}
.v span{position:absolute;right:12px;bottom:8px;color:#fff;font-size:13px;font-weight:600}
.single ul{display:grid}
.single li{grid-area:1/1;visibility:hidden;min-width:0}
.single li.now{visibility:visible}
.single article{height:100%;padding:28px;gap:20px}
.single .who,.single article>:not(.who){margin-block:auto}
.single .who{margin-bottom:0}
.single blockquote{font-size:19px}
.single .long blockquote{-webkit-line-clamp:6}
@container(min-width:620px){.single article:has(.v){display:grid;grid-template:1fr auto auto/minmax(0,5fr) minmax(0,6fr);gap:14px 28px}.single .v{grid-area:1/1/4/2;align-self:center;margin:-12px 0 -12px -12px}.single .who{grid-column:2}}
.nav{display:flex;gap:8px;align-items:center;justify-content:end;font-size:14px;color:var(--m);flex:none}
.nav button{color:var(--k);width:44px;min-height:44px;padding:0;font-size:18px}
.nav span{margin-right:auto}
footer{display:flex;flex-wrap:wrap;gap:4px 18px;flex:none}
.d{flex:1 1 280px}
.d a,.all{color:var(--k);text-underline-offset:3px;font-weight:500}
.all{font-size:14px}
.badge{background:var(--c);border:1px solid var(--l);border-radius:var(--r);padding:16px 20px;gap:10px;max-width:440px}
.badge header{display:block}
.badge .h{font-size:15px;margin-bottom:10px}
.badge .n{font-size:30px}
@media(max-width:480px){.h{font-size:20px}.single article{padding:20px}.single blockquote{font-size:17px}}`);

    // h("p", ["class", "x"], child, …): strings become text nodes, nothing is ever parsed as HTML
    const h = (tag, attributes, ...children) => {
      const node = create(D, tag);
      for (let i = 0; attributes && i < attributes.length; i += 2) set(node, attributes[i], attributes[i + 1]);
      for (let i = 0; i < children.length; i++)
        if (children[i]) put(node, children[i].nodeType ? children[i] : words(D, children[i]));
      return node;
    };
    const click = (node, f) => (on(node, "click", () => quiet(f)), node);
    const button = (label, f, name, shown) => click(h("button", ["type", "button", "part", "button", "class", name || "", "aria-label", label], shown ?? label), f);
    // Only addresses of the feed's own host are ever used
    const here = (address, feed) => { const u = new Address(address, feed); return u.origin === new Address(feed).origin ? u.href : "about:blank"; };

    const quote = (t) => {
      let best = t.best_line || "", at = indexOf(t.text, best);
      if (at < 0) best = "", at = 0;
      return h("blockquote", ["part", "text"], h("p", ["lang", t.language || "", "dir", "auto"],
        slice(t.text, 0, at), best && h("mark", null, best), slice(t.text, at + best.length)));
    };
    const image = (src, i, feed) => h("img", ["src", here(src, feed), "width", i.width, "height", i.height, "alt", "", "loading", "lazy", "decoding", "async"]);
    const span = (text) => text && h("span", null, text), name = (text) => text && h("bdi", null, text);
    const person = (t, feed) => {
      const a = t.author;
      return h("div", ["class", "who", "part", "author"], a.photo ? image(a.photo.src, a.photo, feed) : h("span", ["class", "ini", "aria-hidden", "true"], a.initials),
        h("div", null, h("p", ["class", "name"], name(a.name)),
          (a.role || a.company) && h("p", ["class", "meta"], span(name(a.role)), span(name(a.company))),
          h("p", ["class", "meta"], span(t.score_text), span(t.submitted), span(t.verified), t.rewarded && span(t.rewarded_text))));
    };
    const film = (t, d, feed) => {
      const v = t.video, s = Math.round(v.duration || 0), picture = v.preview ? v.preview.src : v.poster, still = image(picture, v, feed);
      const start = button(`${v.is_audio ? d.labels.listen : d.labels.play}: ${t.author.name}`, () => { // no byte of video before this
        // The small file where the frame has no room for more pixels, or where data is dear. Captions of another host need crossorigin
        const few = frame.offsetWidth * W.devicePixelRatio <= 720 || quiet(() => navigator.connection.saveData);
        const video = h("video", ["aria-label", t.author.name, "crossorigin", "anonymous", "controls", "", "playsinline", "", "poster", here(picture, feed), "src", here(few && v.small || v.src, feed), "width", v.width, "height", v.height],
          v.captions && h("track", ["kind", "captions", "srclang", v.captions_language, "label", d.labels.captions, "src", here(v.captions, feed)]));
        put(frame, video, still); remove(frame, still); remove(frame, start);
        focus(video); quiet(() => play(video).catch(() => 0));
        video.textTracks[0].mode = "showing"; // Safari passes over "default"
      }, "", s && h("span", ["aria-hidden", "true"], `${(s - s % 60) / 60}:${s % 60 < 10 ? 0 : ""}${s % 60}`));
      const frame = h("div", ["class", "v", "part", "video"], still, start);
      return frame;
    };
    const card = (t, d, feed) => {
      const long = t.text && t.text.length > 420, text = t.text && h("div", ["class", long ? "long" : ""], quote(t));
      const more = long && button(d.labels.more, () => { set(text, "class", ""); set(text, "tabindex", "-1"); focus(text); remove(more.parentNode, more); }, "x");
      return h("article", ["part", "card", "class", t.featured ? "star" : ""], t.video && film(t, d, feed), text, more, person(t, feed));
    };
    const figure = (n) => {
      if (!n) return;
      if (n.state !== "ready") return h("div", ["class", "nps"], h("p", ["class", "s"], h("b", null, n.text)));
      const band = h("i"), dot = h("i"), at = (x) => `${Math.max(0, Math.min(100, (x + 100) / 2))}%`;
      style(band.style, "left", at(n.score - n.margin)); style(band.style, "right", at(-n.score - n.margin)); style(dot.style, "left", at(n.score));
      return h("div", ["class", "nps"], h("p", ["class", "n", "aria-label", n.text], h("span", ["aria-hidden", "true"], n.score_text, h("small", null, ` ± ${n.margin}`))),
        h("p", ["class", "s"], h("b", null, n.label), n.detail), h("div", ["class", "bar", "aria-hidden", "true"], band, dot));
    };
    const link = (address, label, feed, name) => h("a", ["href", here(address, feed), "target", "_blank", "rel", "noopener", "class", name || ""], label);

    // "auto" looks at what is really painted behind the box, not at the visitor's system
    const isDark = (node) => {
      for (; node && node !== D; node = node.parentNode || node.host) {
        if (node.nodeType !== 1) continue;
        const c = match(/^rgba?.(\d+)\D+(\d+)\D+(\d+)\D+([\d.]*)/, look(W, node).backgroundColor);
        if (c && (!c[4] || c[4] > .5)) return c[1] * .3 + c[2] * .59 + c[3] * .11 < 110;
      }
      return indexOf(look(W, D.documentElement).colorScheme, "dark") >= 0 && media(W, "(prefers-color-scheme:dark)").matches;
    };

    const hush = (node) => { const v = node && node.querySelector("video"); if (v) pause(v); };
    const live = [];
    class Widget extends HTMLElement {
      #root; #data; #box; #clip; #items = []; #sizes; #sight; #fetching; #reserve = 0;
      connectedCallback() {
        quiet(() => {
          if (!this[MINE]) { wait(W, () => quiet(() => remove(this.parentNode, this))); return; } // a copy made by the page
          live[live.length] = this;
          if (!this.#root) {
            this.#root = shadow(this, { mode: "closed" });
            push(this.#root.adoptedStyleSheets, base);
            const given = rect(this[MINE]).height; // a page's own style sheet may reserve room for the link
            this.#reserve = given > 60 ? given : (+get(this[MINE], "data-height") || 0) * (rect(this).width < 560 ? 1.25 : 1);
            style(this.style, "--reserve", `${this.#reserve}px`);
          }
          style(this[MINE].style, "display", "none", "important");
          set(this, "off", 0);
          if (this.#data) this.observe(); else this.fetch();
        });
      }
      disconnectedCallback() {
        quiet(() => {
          for (let i = live.length; i--;) if (live[i] === this) { live[i] = live[live.length - 1]; live.length--; }
          this.#fetching = 0;
          if (this.#sizes) { unwatch(this.#sizes); unsee(this.#sight); }
          hush(this.#root);
        });
      }
      async fetch() {
        const a = this[MINE], mine = this.#fetching = {}; // what arrives after the element has gone is for nobody
        try {
          const near = closest(a, "[lang]"), lang = near && get(near, "lang"), at = new Address(a.href);
          at.pathname += `/${lang && match(/^[\w-]{2,20}$/, lang) ? lang : "default"}.json`; at.hash = "";
          const r = await load(W, at.href, { referrerPolicy: "no-referrer", signal: limit(6000) });
          if (!r.ok) throw 0;
          const data = await json(r);
          if (!data.testimonials.length && !(data.nps && data.nps.answers)) throw 0; // nothing to show yet
          if (this.#fetching === mine) { this.#data = data; this.render(data, at.href); }
        } catch {
          if (this.#fetching === mine) quiet(() => { set(this, "off", 1); plain(a.style, "display"); });
        }
      }
      render(d, feed) {
        const layout = d.widget.layout, ul = h("ul", ["role", "list"]), wall = layout === "wall", single = layout === "single", foot = h("p", ["class", "d"]);
        if (match(/^#[\da-f]{6}$/i, d.widget.accent)) push(this.#root.adoptedStyleSheets, sheet(`.box{--accent:${d.widget.accent}}`));
        this.#items = [];
        for (let i = 0; layout !== "badge" && i < d.testimonials.length; i++)
          put(ul, this.#items[i] = h("li", null, card(d.testimonials[i], d, feed)));
        for (let i = 0; i < d.disclosure.length; i++) put(foot, words(D, `${d.disclosure[i]} `));
        put(foot, link(d.method.url, d.method.label, feed));
        const count = this.#items.length;
        this.#clip = h("div", ["class", "clip"], ul);
        this.#box = h("section", ["part", "box", "lang", d.language, "aria-label", d.heading],
          h("header", null, h("p", ["class", "h", "part", "heading"], d.heading), figure(d.nps)),
          count && h("div", ["class", "fold"], this.#clip, wall && button(d.labels.all, () => this.open(), "more")), single && count && this.turner(d.labels, count, ul), h("footer", null, foot, layout === "badge" && link(d.wall.url, d.wall.label, feed, "d all")));
        // Whoever reaches what the fold hides, by keyboard or by playing it, sees it
        if (wall && count) on(this.#clip, "focusin", (e) => quiet(() => closest(e.target, "li") && (e.target.matches(":focus-visible") || rect(e.target).bottom > rect(this.#clip).bottom - 99) && this.open()));
        if (wall) style(this.#box.style, "--cap", `${Math.max(this.#reserve, 560)}px`);
        this.layout = layout;
        this.tone();
        put(this.#root, this.#box);
        this.observe();
      }
      open() { style(this.#box.style, "--cap", "none"); this.arrange(); }
      turner(labels, count, ul) {
        const where = h("span", ["aria-live", "polite"]);
        let now = 0;
        const go = (step) => {
          set(this.#items[now], "class", ""); now = (now + step + count) % count; set(this.#items[now], "class", "now");
          where.textContent = `${now + 1} / ${count}`;
          hush(ul);
        };
        go(0);
        return count > 1 && h("div", ["class", "nav"], where, button(labels.previous, () => go(-1), "", "←"), button(labels.next, () => go(1), "", "→"));
      }
      tone() {
        const theme = this.#data && this.#data.widget.theme;
        if (this.#box) set(this.#box, "class", `box ${this.layout} ${theme === "dark" || theme === "auto" && isDark(this.parentNode) ? "dark" : "light"}${this.cut ? " cut" : ""}`);
      }
      observe() {
        this.#sizes = new Sizes(() => quiet(() => this.arrange()));
        for (let i = 0; i < this.#items.length; i++) watch(this.#sizes, this.#items[i].firstChild);
        if (this.layout === "badge") watch(this.#sizes, this.#box); // the first look may come before the page's style sheet
        // Room that was reserved and not needed is given back only while nobody looks at it: nothing moves before a reader's eyes
        this.#sight = new Sight((seen) => quiet(() => { if (!seen[0].isIntersecting) { style(this.style, "--reserve", "0px"); unsee(this.#sight); } }));
        see(this.#sight, this);
        this.arrange();
      }
      arrange() { // a wall of cards of different heights, in reading order: each card spans as many 2 px rows as it is high
        const high = [], list = this.#items;
        if (this.layout === "wall") {
          for (let i = 0; i < list.length; i++) high[i] = list[i].firstChild.offsetHeight;
          for (let i = 0; i < list.length; i++) style(list[i].style, "grid-row-end", `span ${Math.ceil((high[i] + 16) / 2)}`);
          this.cut = this.#clip.scrollHeight > this.#clip.clientHeight + 24;
        }
        this.tone();
      }
    }
    customElements.define(NAME, Widget);

    // One look at the page per batch of changes: new links are upgraded, moved ones followed, orphans removed
    let due = false;
    const scan = () => {
      due = false;
      const links = all(D, LINK);
      for (let i = 0; i < links.length; i++) {
        const a = links[i], mine = a[MINE] || (a[MINE] = create(D, NAME));
        mine[MINE] = a;
        if (mine.parentNode !== a.parentNode) put(a.parentNode, mine, a.nextSibling);
      }
      for (let i = live.length; i--;) if (!live[i][MINE].isConnected) remove(live[i].parentNode, live[i]); else live[i].tone();
    };
    const soon = () => { if (!due) { due = true; wait(W, () => quiet(scan), 0); } };
    quiet(scan);
    new MutationObserver(soon).observe(D, { childList: true, subtree: true });
    on(media(W, "(prefers-color-scheme:dark)"), "change", soon);
  });
})();
