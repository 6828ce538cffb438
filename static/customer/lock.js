// One recording, one tab: whoever holds the lock may touch it. Tabs that are gone hold nothing.

const ANSWERS_WITHIN = 1000;

/** Take the recording for this tab: a function that lets it go, or null while another tab has it. */
export function lock(id) {
  return navigator.locks ? byLock(`recording-${id}`) : byCalling(`recording-${id}`);
}

function byLock(name) {
  return new Promise((resolve) => {
    const hold = (held) => held && new Promise((letGo) => resolve(letGo));
    navigator.locks
      .request(name, { ifAvailable: true }, (held) => hold(held) ?? resolve(null))
      .catch(() => resolve(() => {}));
  });
}

// Where browsers know no locks, the tab that has the recording answers when it is called.
function byCalling(name) {
  if (!globalThis.BroadcastChannel) return Promise.resolve(() => {});
  const channel = new BroadcastChannel(name);
  return new Promise((resolve) => {
    const alone = setTimeout(() => {
      channel.onmessage = ({ data }) => data === "anybody?" && channel.postMessage("me");
      resolve(() => channel.close());
    }, ANSWERS_WITHIN);
    channel.onmessage = ({ data }) => {
      if (data !== "me") return;
      clearTimeout(alone);
      channel.close();
      resolve(null);
    };
    channel.postMessage("anybody?");
  });
}
