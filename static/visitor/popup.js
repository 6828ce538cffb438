/* Socialproof popup: the survey in a corner, behind a tab, or in its own place in the page. No cookie; nothing is stored
   before the person answers or closes it; one host; nothing thrown. Every platform function is captured when the script
   runs. Whether it may show itself is the server's word, asked anew on each page. */
(() => {
  "use strict";
  const D = document, W = window, LIVE = Symbol.for("socialproof.popup"), tag = D.currentScript;
  const { apply } = Reflect, take = (owner, name, f = (owner.prototype || owner)[name]) => (self, ...args) => apply(f, self, args);
  const quiet = (f) => { try { return f(); } catch { /* the page is not ours to disturb */ } };

  quiet(() => {
    const get = take(Element, "getAttribute"), settings = get(tag, "data-settings"), first = get(tag, "data-popup");
    if (W[LIVE]) return W[LIVE](first, settings); // the script twice is the script once
    const E = Element, N = Node, Address = URL, here = new Address(tag.src).origin, { stringify } = JSON, { now } = Date;
    const create = take(Document, "createElement"), draw = take(Document, "createElementNS"), all = take(Document, "querySelectorAll"), set = take(E, "setAttribute");
    const insert = take(N, "insertBefore"), put = (to, node) => insert(to, node, null), remove = take(N, "removeChild"), words = take(Document, "createTextNode");
    const shadow = take(E, "attachShadow"), on = take(EventTarget, "addEventListener"), style = take(CSSStyleDeclaration, "setProperty");
    const json = take(Response, "json"), load = take(W, "fetch"), wait = take(W, "setTimeout"), forget = take(W, "clearTimeout"), every = take(W, "setInterval");
    const focus = take(HTMLElement, "focus"), push = take(Array, "push"), lower = take(String, "toLowerCase"), trim = take(String, "trim"), match = take(RegExp, "exec");
    const limit = AbortSignal.timeout, media = take(W, "matchMedia"), KEY = "socialproof.popup.", DAY = 864e5, place = location;
    const sheet = (css) => { const s = new CSSStyleSheet(); s.replaceSync(css); return s; };
    const base = sheet(`
:host{all:initial!important;display:block!important;direction:ltr!important;font:400 15px/1.4 ui-sans-serif,system-ui,"Segoe UI",Roboto,"Helvetica Neue",sans-serif!important}
*{box-sizing:border-box;margin:0;padding:0}
.p{--c:#faf7f1;--k:#17231f;--l:#857f70;color:var(--k)}
.box{position:fixed;z-index:2147483647;bottom:16px;right:16px;width:min(420px,100vw - 32px);max-height:min(660px,100dvh - 32px);display:flex;flex-direction:column;overflow:hidden;background:var(--c);border:1px solid var(--l);border-top:4px solid var(--a);border-radius:14px;box-shadow:0 12px 44px #0005;visibility:hidden;outline-offset:-3px}
.on{visibility:visible}
header{display:flex;align-items:center;justify-content:space-between;flex:none;padding-left:16px}
.t{font-size:14px;font-weight:600;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
button{font:inherit;font-weight:600;color:inherit;cursor:pointer;border:0;min-height:44px;min-width:44px;background:none;flex:none}
svg{width:18px;height:18px;display:block;margin:auto;stroke:currentColor;stroke-width:2;stroke-linecap:round}
:focus-visible{outline:3px solid var(--k);outline-offset:-4px;border-radius:14px}
iframe{display:block;border:0;width:100%;flex:1;min-height:0;background:var(--c)}
.tab{position:fixed;z-index:2147483646;bottom:16px;right:16px;max-width:calc(100vw - 32px);padding:0 20px;border-radius:99px;background:var(--a);color:var(--i);border:1px solid var(--i);box-shadow:0 4px 18px #0004}
.tab:focus-visible{outline-offset:2px}
.left{right:auto;left:16px}
.gone,.sr{position:fixed;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.gone{display:none}
@media(max-width:480px){.box{left:0;right:0;bottom:0;width:100%;max-height:min(94dvh,max(40dvh,224px));border-radius:14px 14px 0 0}.in{max-height:94dvh}}
@media(prefers-color-scheme:dark){.p{--c:#111816;--k:#eef1eb;--l:#75857d}}
@media(prefers-reduced-motion:no-preference){.on{animation:u .25s}@keyframes u{0%{opacity:0;translate:0 24px}}}`);
    const h = (name, attributes, ...children) => {
      const node = name === "svg" || name === "path" ? draw(D, "http://www.w3.org/2000/svg", name) : create(D, name);
      for (let i = 0; i < attributes.length; i += 2) set(node, attributes[i], attributes[i + 1]);
      for (let i = 0; i < children.length; i++) if (children[i]) put(node, children[i].nodeType ? children[i] : words(D, children[i]));
      return node;
    };
    const button = (attributes, child, f) => { // pressed, it has the focus: Safari gives none, and then there were none to give back
      const b = h("button", attributes, child);
      set(b, "type", "button"); on(b, "click", () => quiet(() => { focus(b); f(); }));
      return b;
    };
    const fetched = async (address, body) => { // same-origin: the team's own sample page; elsewhere that means no cookie
      const headers = body && { "Content-Type": "application/json" };
      const r = await load(W, address, { method: body ? "POST" : "GET", body, headers, credentials: "same-origin", referrerPolicy: "no-referrer", signal: apply(limit, AbortSignal, [8000]) });
      if (!r.ok) throw 0;
      return json(r);
    };
    const language = () => get(D.documentElement, "lang") || "";
    const live = [], known = { __proto__: null }, waiting = [];
    let token = "", path = place.pathname, happened = { __proto__: null };
    const each = (f) => { for (let i = 0; i < live.length; i++) quiet(() => f(live[i])); };

    const popup = (id, c) => {
      const corner = c.mode === "popup", tab = c.mode === "tab", key = KEY + id;
      let host, root, box, frame, tabButton, timer, life, back, asked, shown, answered, over, touched, forWhom, inPlace, lastKey;
      const rest = (days) => { if (!token) quiet(() => W.localStorage.setItem(key, now() + days * DAY)); };
      const resting = () => !token && quiet(() => +W.localStorage.getItem(key) > now());
      const stand = (parent) => { // a place in the page that no style sheet and no script of it reaches
        if (host && host.parentNode === parent) return;
        host = h("socialproof-popup", []);
        root = shadow(host, { mode: "closed" });
        push(root.adoptedStyleSheets, base, sheet(`.p{--a:${c.colours[0]};--i:${c.colours[1]}}@media(prefers-color-scheme:dark){.p{--a:${c.colours[2]};--i:${c.colours[3]}}}`));
        while (inPlace && inPlace.firstChild) remove(inPlace, inPlace.firstChild); // what stood there meanwhile, or a copy
        put(parent, host);
      };
      const look = () => { if (box && !inPlace) set(box, "class", `p box ${c.position}${shown ? " on" : ""}${touched ? " in" : ""}`); };
      // It grows once the finger is up: under a press that has begun nothing may move, or another score is hit.
      const touch = () => { touched = 1; wait(W, () => quiet(look), 700); };
      const end = () => { // the panel goes; what was before has the focus again
        forget(W, life);
        if (box) {
          const mine = root.activeElement;
          remove(box.parentNode, box);
          if (tabButton) { set(tabButton, "class", answered ? "gone" : "p tab " + c.position); set(tabButton, "aria-expanded", "false"); }
          if (mine && back && back.isConnected) focus(back);
        }
        box = frame = back = shown = touched = 0;
      };
      const close = () => { if (!answered && corner) rest(30); over = corner || answered; end(); };
      const open = (address, own) => {
        const at = new Address(address, here);
        if (at.origin !== here || shown && !inPlace) return;
        end();
        stand(inPlace || D.documentElement);
        forWhom = token;
        frame = h("iframe", ["src", at.href, "title", c.title, "allow", "camera; microphone; fullscreen"]);
        if (inPlace) { style(frame.style, "height", "0"); box = h("div", ["class", "p"], frame); }
        else {
          back = own && (root.activeElement || D.activeElement);
          const cross = h("svg", ["viewBox", "0 0 20 20", "aria-hidden", "true"], h("path", ["d", "M4 4l12 12M16 4L4 16"]));
          box = h("div", ["role", "dialog", "aria-label", c.title, "lang", c.language, "tabindex", "-1"], h("header", [], h("p", ["class", "t"], c.title), button(["aria-label", c.close], cross, close)), frame);
          on(box, "pointerdown", touch); on(box, "focusin", touch);
          touched = own; look();
        }
        put(root, box);
        life = wait(W, () => quiet(() => { if (!shown) end(); }), 10000); // we are down, or the page does not let us in
      };
      const height = (n) => {
        if (!(n > 0 && n < 2e4)) return;
        style((inPlace ? frame : box).style, "height", `${inPlace ? n : n + 54}px`);
        if (shown) { if (touched) look(); return; }
        shown = 1; look();
        if (tabButton) { set(tabButton, "class", "gone"); set(tabButton, "aria-expanded", "true"); }
        if (back) focus(box);
        else if (!inPlace) { // told, not taken there: the focus stays where the person is
          const said = h("p", ["role", "status", "class", "sr"]);
          put(box, said);
          wait(W, () => quiet(() => put(said, words(D, c.title))), 100);
        }
      };
      const standTab = () => {
        stand(D.documentElement);
        tabButton = button(["class", "p tab " + c.position, "aria-haspopup", "dialog", "aria-expanded", "false"], c.label, () => show(true));
        put(root, h("aside", ["aria-label", c.title, "lang", c.language], tabButton));
      };
      const show = async (own) => {
        try {
          const whom = token, said = c.frame ? { show: true, frame: c.frame } : await fetched(`${here}/s/p/${id}/ask`, stringify({ page: place.pathname, token: whom || undefined, lang: language(), opened: !!own, toJSON: undefined }));
          if (!said.show || whom !== token) return;
          if (tab && !own) { if (!tabButton) standTab(); } else open(said.frame, own);
        } catch { /* not this time */ }
      };
      const fire = () => {
        if (D.hidden) timer = wait(W, () => quiet(fire), 500); // a tab behind others, a page loaded ahead: nobody is asked there
        else if (!asked && !box && !over && !tabButton && !resting()) { asked = 1; show(false); }
      };
      const self = {
        id,
        arm() { // on every new page, and when another person stands before it
          forget(W, timer);
          asked = 0;
          if (tab) fire();
          else if (!corner) self.settle();
          else if (c.trigger === "seconds") timer = wait(W, () => quiet(fire), c.value * 1000);
          else if (c.trigger === "event" && happened[c.event]) fire();
          else self.scrolled();
        },
        settle() { // the first free place in the page; a new one, or another page or person, is a new question
          if (corner || tab || D.hidden) return;
          const places = all(D, "[data-socialproof-popup]");
          let i = 0;
          while (i < places.length && get(places[i], "data-socialproof-popup") !== id) i++;
          const there = places[i], state = path + "\n" + token;
          if (!there || shown && inPlace === there && host.parentNode === there || inPlace === there && lastKey === state && (!host || host.parentNode === there)) return;
          shown = 0; inPlace = there; lastKey = state;
          if (!resting()) show(false);
        },
        scrolled() {
          const e = D.documentElement, room = e.scrollHeight - W.innerHeight;
          if (corner && c.trigger === "scroll" && (room <= 0 || W.scrollY / room * 100 >= c.value)) fire();
        },
        left() { if (corner && c.trigger === "exit") fire(); },
        event(name) { if (corner && c.trigger === "event" && c.event === name) fire(); },
        open(own) { if (shown) { touch(); if (!inPlace) focus(box); } else if (corner || tab) show(own); },
        close: end,
        become() { if (box && !touched && forWhom !== token) { end(); over = 0; } self.arm(); },
        moved() { if (root && frame && root.activeElement === frame) touch(); },
        escape() { const at = D.activeElement; if (box && !inPlace && shown && (root.activeElement || !at || at === D.body)) close(); },
        said(e) {
          if (!frame || e.source !== frame.contentWindow || e.origin !== here || !e.data) return;
          const word = e.data.socialproof;
          if (word === "height") height(+e.data.height);
          else if (word === "answered") { if (!answered) { answered = 1; rest(90); } touch(); }
          else if (word === "closed" && !inPlace) close();
        },
      };
      push(live, self);
      self.arm();
      for (let i = 0; i < waiting.length; i++) if ((!waiting[i][0] || waiting[i][0] === id) && now() - waiting[i][2] < 9e3) self.open(waiting[i][1]);
    };

    const start = async (id, address) => {
      if (!id || !match(/^[\w-]{1,22}$/, id) || known[id]) return;
      known[id] = 1;
      try {
        const at = new Address(address || `${here}/w/p/${id}.json`, place.href);
        if (language()) at.search = `?lang=${encodeURIComponent(language())}`;
        const c = await fetched(at.href);
        if (c.on) popup(id, c);
      } catch { /* silent when we are down */ }
    };
    const calls = {
      __proto__: null,
      identify(name) { const t = typeof name === "string" ? name : ""; if (t !== token) { token = t; each((p) => p.become()); } },
      event(name) { const word = trim(lower(`${name}`)); happened[word] = 1; each((p) => p.event(word)); },
      open(id) { const a = W.navigator.userActivation, own = !!(a && a.isActive); waiting[waiting.length] = [id, own, now()]; each((p) => { if (!id || p.id === id) p.open(own); }); },
      close(id) { each((p) => { if (!id || p.id === id) p.close(); }); },
    };
    const call = (words) => quiet(() => calls[words[0]](words[1]));

    Object.defineProperty(W, LIVE, { value: start });
    const queue = W.socialproof;
    W.socialproof = { push: call };
    for (let i = 0; queue && i < queue.length; i++) call(queue[i]);
    const listen = (target, name, f) => on(target, name, (e) => quiet(() => f(e)), { passive: true });
    listen(W, "message", (e) => each((p) => p.said(e)));
    listen(W, "scroll", () => each((p) => p.scrolled()));
    listen(W, "blur", () => wait(W, () => each((p) => p.moved()), 0));
    listen(W, "keydown", (e) => { if (e.key === "Escape" && !e.defaultPrevented) each((p) => p.escape()); });
    if (media(W, "(hover:hover)").matches) listen(D.documentElement, "mouseleave", (e) => { if (e.clientY <= 0) each((p) => p.left()); });
    const scan = () => { const places = all(D, "[data-socialproof-popup]"); for (let i = 0; i < places.length; i++) start(get(places[i], "data-socialproof-popup")); };
    every(W, () => quiet(() => { // a look a second: nothing of the page's own history is patched
      scan();
      if (path !== place.pathname) { path = place.pathname; happened = { __proto__: null }; each((p) => p.arm()); } else each((p) => p.settle());
    }), 1000);
    start(first, settings);
    scan();
  });
})();
