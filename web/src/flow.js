// The way of a person through the page.
//
// The service says how the claim stands; this page adds what it must not keep: the wallet that is connected, and the new key's
// public half. So a reload, the back button and a second window all end in the same place: where the claim is.

import { Problem } from "./api.js";
import { EnclaveError } from "./enclave.js";
import { NewKey } from "./newkey.js";
import { stageOf } from "./stage.js";
import { t } from "./text.js";
import { checkView } from "./views/check.js";
import { connectView } from "./views/connect.js";
import { doneView, followView, overView, waitView } from "./views/outcome.js";
import { grantOverView, grantSoonView, grantView, proveView, signInView } from "./views/sign.js";
import { WalletError } from "./wallets/error.js";
import { watch } from "./watch.js";
import { codeOf, ENDS, wordsFor } from "./words.js";

/** A grant is taken until a minute before its end; what is signed a little before that can still arrive. */
const GRANT_MARGIN_MS = 75_000;

/** How long wallets are looked for before it is said that there is none, in milliseconds. */
const LOOKING_MS = 2500;

/** The longest that one timer runs: beyond 2^31 ms browsers run it at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Flow {
  #page;
  #api;
  #discover;
  /** The page around, which hears how it ends where a consumer has sent the person. */
  #around;
  #wallets = [];
  #looking = true;
  /** The claim as the service last told it. */
  #claim = null;
  /** What is shown: a stage, `over`, or null at first. */
  #shown = null;
  /** `{ wallet, account }` once a wallet is connected. */
  #connected = null;
  /** Counts what the person has started: an answer to what was given up meanwhile is dropped. */
  #turn = 0;
  /** While something is sent that changes the claim, its change is our own. */
  #sending = false;
  /** Whether the last that happened was done in another window. */
  #elsewhere = false;
  #timer = null;
  /** The wallet that was chosen last, and whether the list of wallets is shown. */
  #asked = null;
  #isChoosing = false;

  constructor({ page, api, discover, around }) {
    this.#page = page;
    this.#around = around;
    this.#api = api;
    this.#discover = discover;
  }

  async start() {
    this.#page.show(waitView());
    this.#discover((wallet) => this.#found(wallet), () => t("near_introduction", { wallet: "NEAR" }));
    setTimeout(() => {
      this.#looking = false;
      if (this.#isChoosing) this.#page.update();
    }, LOOKING_MS);
    // From the browser's memory, after the back button: what is shown may be long past.
    window.addEventListener("pageshow", (event) => event.persisted && this.#claim && this.#act(() => this.#refresh()));
    watch({
      api: this.#api,
      seen: () => this.#claim?.version,
      changed: (claim) => this.#changed(claim),
      failed: (error, times) => this.#unheard(error, times),
    });
  }

  // What the service tells.

  #changed(claim) {
    const first = this.#claim === null;
    if (!first && claim.version === this.#claim.version) return this.#reached();
    // The answer to what is being sent tells it too.
    if (this.#sending || this.#shown === "over") return;
    this.#claim = claim;
    const stage = stageOf(claim);
    if (first) return this.#route();
    if (stage === this.#shown) {
      this.#reached();
      if (stage === "follow" || stage === "check") this.#page.update();
      if (stage === "connect" && claim.profile?.state === "failed") this.#told(() => t("profile_failed"));
      return;
    }
    // What was interrupted here has been done elsewhere, unless this page was waiting for it.
    if (this.#shown !== "follow" && this.#shown !== "check") this.#elsewhere = true;
    this.#turn += 1;
    this.#route();
    if (this.#elsewhere) this.#told(() => t("elsewhere"));
  }

  #unheard(error, times) {
    if (Object.hasOwn(ENDS, error.code)) {
      // Who reads that it is done need not hear that the link has ended since.
      if (!["done", "failed", "over"].includes(this.#shown)) this.#over(ENDS[error.code]);
      return false;
    }
    // Once is nothing: networks change, and laptops sleep.
    if (times > 1 && this.#page.isQuiet) this.#page.status(() => t("offline_now"));
    return true;
  }

  #reached() {
    if (this.#page.isQuiet) this.#page.status(null);
  }

  async #refresh() {
    this.#claim = await this.#api.post("state", {});
    return () => this.#route();
  }

  /** Sends what changes the claim, and shows what has become of it. */
  async #send(endpoint, body) {
    this.#sending = true;
    try {
      const answer = await this.#api.post(endpoint, body);
      this.#claim = await this.#api.post("state", {});
      return answer;
    } finally {
      this.#sending = false;
    }
  }

  // What the person does.

  /** Runs what takes time: it gives the next step. What fails is told, and can be tried again. */
  async #act(work, words = () => t("wait")) {
    const turn = ++this.#turn;
    this.#elsewhere = false;
    this.#page.alert(null);
    this.#page.status(words, true);
    let next;
    try {
      next = await work();
    } catch (error) {
      if (turn === this.#turn) await this.#failed(error);
      return;
    }
    if (turn !== this.#turn) return;
    this.#page.status(null);
    next?.();
  }

  async #failed(error) {
    this.#page.status(null);
    const values = { wallet: this.#connected?.wallet.name ?? this.#asked?.name ?? "", provider: this.#page.provider };
    if (error instanceof EnclaveError) return this.#told(() => t(error.message));
    if (!(error instanceof WalletError) && !(error instanceof Problem)) return this.#told(() => t("broken"));
    if (Object.hasOwn(ENDS, error.code)) return this.#over(ENDS[error.code]);
    if (error.code === "state_conflict") return this.#overtaken(values, error);
    this.#told(wordsFor(error, values));
  }

  /** Something else was faster: another window, mostly. Where it leads, it is shown. */
  async #overtaken(values, error) {
    const before = this.#shown;
    try {
      this.#claim = await this.#api.post("state", {});
    } catch {
      return this.#told(wordsFor(error, values));
    }
    if (stageOf(this.#claim) === before) return this.#told(wordsFor(error, values));
    this.#route();
    this.#page.alert(() => t("elsewhere"));
  }

  #told(words) {
    this.#page.alert(words);
  }

  // Where it goes on.

  #route() {
    const claim = this.#claim;
    const stage = stageOf(claim);
    clearTimeout(this.#timer);
    switch (stage) {
      case "done":
        if (claim.relay) this.#around.complete();
        return this.#show(stage, doneView({ provider: this.#page.provider, claim }));
      case "failed":
        return this.#over(failureOf(claim), stage);
      case "check":
        return this.#show(
          stage,
          checkView({ provider: this.#page.provider, claim: () => this.#claim, around: this.#around }),
        );
      case "follow":
        return this.#show(stage, followView({ provider: this.#page.provider, claim: () => this.#claim }));
      case "grant":
        return this.#connected ? this.#offerGrant() : this.#connect();
      default:
        return this.#connect();
    }
  }

  #show(stage, view, options) {
    this.#shown = stage;
    this.#isChoosing = false;
    this.#page.show(view, options);
  }

  #over(name, stage = "over") {
    this.#turn += 1;
    clearTimeout(this.#timer);
    const { returnUrl, relay } = this.#claim ?? {};
    if (relay) this.#around.fail(codeOf(name));
    this.#show(stage, overView({ name, provider: this.#page.provider, returnUrl }));
  }

  // Connecting.

  #found(wallet) {
    this.#wallets.push(wallet);
    if (this.#isChoosing) this.#page.update();
  }

  #connect = () => {
    this.#turn += 1;
    this.#connected = null;
    clearTimeout(this.#timer);
    const stage = stageOf(this.#claim);
    this.#show(
      stage,
      connectView({
        provider: this.#page.provider,
        kind: this.#claim.kind,
        wallets: () => this.#wallets,
        looking: () => this.#looking,
        before: stage === "grant" ? (this.#claim.wallet?.type ?? "idOS") : null,
        choose: (wallet) => this.#choose(wallet),
        copyLink: () => this.#copyLink(),
      }),
    );
    this.#isChoosing = true;
    if (stage === "connect" && this.#claim.profile?.state === "failed") this.#told(() => t("profile_failed"));
  };

  #choose(wallet) {
    this.#asked = wallet;
    const words = () => t("asking_connect", { wallet: wallet.name });
    this.#act(async () => {
      const connected = { wallet, account: await wallet.connect() };
      // Who has signed in on this link before goes on from there; the service refuses another one's wallet.
      if (stageOf(this.#claim) === "grant") {
        const next = await this.#askGrant(connected);
        this.#connected = connected;
        return next;
      }
      const answer = await this.#api.post("wallet", { wallet: connected.account });
      this.#connected = connected;
      return () => this.#identify(answer);
    }, words);
  }

  async #copyLink() {
    const address = new URL(window.location.href);
    address.search = "";
    try {
      await navigator.clipboard.writeText(address.href);
      this.#page.status(() => t("copied"));
    } catch {
      this.#page.status(() => t("copy_failed"));
    }
  }

  // Signing in, or a new profile.

  #identify(answer) {
    if (answer.next === "create_profile") return this.#create(answer);
    const { message, nonce } = answer;
    this.#show("connect", signInView({ connected: this.#connected, message, sign: () => this.#signIn(message, nonce), other: this.#connect }));
  }

  #signIn(message, nonce) {
    const { wallet, account } = this.#connected;
    this.#asking(async () => {
      const signature = await wallet.sign(message, account);
      const answer = await this.#send("sign-in", { wallet: account, nonce, signature });
      // NEAR: only now is it known that this wallet has no profile.
      return answer.next === "create_profile" ? () => this.#create(answer) : () => this.#route();
    }, () => this.#again());
  }

  /** Gets a new text to sign, where the time of the old one is over. */
  async #again() {
    const answer = await this.#api.post("wallet", { wallet: this.#connected.account });
    return () => this.#identify(answer);
  }

  /** `answer` has the id that the new profile gets, and the text that shows whose the wallet is. */
  #create(answer) {
    const key = new NewKey({
      page: this.#page,
      connected: this.#connected,
      userId: answer.userId,
      enclaveUrl: this.#claim.enclaveUrl,
      show: (view, options) => this.#show("connect", view, options),
      act: (work, words) => this.#act(work, words),
      stop: () => (this.#turn += 1),
      other: this.#connect,
      done: (made) => this.#prove(answer, made),
    });
    key.ask();
  }

  #prove(answer, key) {
    const { message, userId } = answer;
    this.#show("connect", proveView({ connected: this.#connected, message, sign: () => this.#sendProfile(message, userId, key), other: this.#connect }));
  }

  #sendProfile(message, userId, key) {
    const { wallet, account } = this.#connected;
    this.#asking(async () => {
      const signature = await wallet.sign(message, account);
      await this.#send("profile", { wallet: { ...account, message, signature }, ...key });
      return () => this.#route();
    }, async () => {
      const answer = await this.#api.post("wallet", { wallet: account });
      // The key belongs to the id that was its salt.
      return answer.next === "create_profile" && answer.userId === userId
        ? () => this.#prove(answer, key)
        : () => this.#identify(answer);
    });
  }

  /** Has the wallet sign; where the text was too old, a new one is fetched by `renew`, and the person told. */
  #asking(work, renew) {
    const { wallet } = this.#connected;
    this.#act(async () => {
      try {
        return await work();
      } catch (error) {
        if (!isTooOld(error)) throw error;
        const next = await renew();
        return () => {
          next();
          this.#told(() => t("problem_challenge"));
        };
      }
    }, () => t("asking_sign", { wallet: wallet.name }));
  }

  // The grant.

  #offerGrant() {
    clearTimeout(this.#timer);
    const [provider, connected] = [this.#page.provider, this.#connected];
    const again = () => this.#offerGrant();
    this.#show("grant", grantSoonView({ provider, connected, fetch: again, other: this.#connect }));
    this.#act(() => this.#askGrant(this.#connected));
  }

  async #askGrant(connected) {
    const offer = await this.#api.post("grant", { wallet: connected.account });
    return () => this.#showGrant(offer);
  }

  #showGrant(offer) {
    const view = grantView({
      provider: this.#page.provider,
      claim: this.#claim,
      connected: this.#connected,
      offer: { ...offer, now: this.#api.now() },
      sign: () => this.#signGrant(offer),
      other: this.#connect,
    });
    this.#show("grant", view);
    clearTimeout(this.#timer);
    const left = Date.parse(offer.expiresAt) - GRANT_MARGIN_MS - this.#api.now();
    if (left < LONGEST_TIMER_MS) this.#timer = setTimeout(() => this.#grantOver(), Math.max(left, 0));
  }

  #grantOver() {
    this.#turn += 1;
    this.#page.status(null);
    this.#show("grant", grantOverView({ renew: () => this.#offerGrant(), other: this.#connect }));
  }

  #signGrant({ grant, message, expiresAt }) {
    // A laptop that slept has had no timers.
    if (Date.parse(expiresAt) - GRANT_MARGIN_MS <= this.#api.now()) return this.#grantOver();
    const { wallet, account } = this.#connected;
    this.#act(async () => {
      const signature = await wallet.sign(message, account);
      try {
        await this.#send("grant/signed", { grant, owner: account, signature });
      } catch (error) {
        if (!isGrantOver(error)) throw error;
        return () => this.#grantOver();
      }
      return () => this.#route();
    }, () => t("asking_sign", { wallet: wallet.name }));
  }
}

/** Why nothing came of it: for whoever was sent by a consumer, what has become of the check. */
function failureOf({ relay }) {
  const check = relay?.check;
  if (check?.state === "declined") return "declined";
  return check?.reason === "country_blocked" ? "blocked" : "failed";
}

const points = (error, pattern) =>
  error instanceof Problem && error.code === "invalid_fields" && error.fields.some((field) => pattern.test(field));

const isTooOld = (error) => points(error, /(nonce|message)$/i);

const isGrantOver = (error) => points(error, /notAfter$/i);
