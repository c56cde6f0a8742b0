// The API key that a server may ask for: kept until the tab is closed, and sent with each question.

const NAME = 'modelkin-key';
let key = null, asking = null;

try { key = sessionStorage.getItem(NAME); } catch { /* then it is kept until the page is left */ }

/** Whether a key is sent: a plain link has none. */
export const keyed = () => key !== null;

/** As `fetch`; where the server demands a key the reader is asked for one, and the question is put again. */
export async function fetchWithKey(address, options = {}) {
  for (;;) {
    const headers = new Headers(options.headers), sent = key, given = headers.has('authorization');
    if (sent && !given) headers.set('authorization', `Bearer ${sent}`);
    const response = await fetch(address, { ...options, headers });
    if (response.status !== 401 || given) return response;
    if (sent !== key) continue;  // another question was given one meanwhile
    asking ??= asked(sent !== null).finally(() => { asking = null; });
    if (!await asking) return response;
  }
}

function keep(told) {
  key = told;
  try { sessionStorage.setItem(NAME, told); } catch { /* then it is kept until the page is left */ }
}

/** Ask for a key in a dialog. Return whether one was given. */
function asked(wrong) {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-label', 'API key');
  dialog.innerHTML = `<form method="dialog">
    <p></p>
    <p><label>API key <input type="password" name="key" required pattern="\\s*[!-~]+\\s*" title="letters, digits and signs without spaces"
      autocomplete="off" spellcheck="false" autofocus></label></p>
    <p><button value="use">Use it</button> <button value="" formnovalidate>Go without</button></p>
  </form>`;
  dialog.querySelector('p').textContent = wrong
    ? 'The server does not know this key: it may be mistyped, or taken back. Try another.'
    : 'This server answers those who have an API key; whoever runs it gives them. It is kept until this tab is closed.';
  document.body.append(dialog);
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    const told = dialog.returnValue && dialog.querySelector('input').value.trim();
    if (told) keep(told);
    dialog.remove();
    resolve(Boolean(told));
  }));
}
