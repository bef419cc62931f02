//! What many ask for at the same time, done once for all of them.
//!
//! Nobody waits for others to come: what has come while one round was under way is in the next one.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Line, Store, StoreError, many};

/// Those who wait for the next round.
pub(super) struct Gathering<Q, A>(Mutex<Gathered<Q, A>>);

struct Gathered<Q, A> {
    waiting: VecDeque<Asked<Q, A>>,
    /// Whether somebody sees to it.
    is_seen_to: bool,
}

/// What somebody asks for, who waits for the answer.
pub(super) struct Asked<Q, A> {
    pub(super) what: Q,
    tell: oneshot::Sender<A>,
}

impl<Q, A> Default for Gathering<Q, A> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Q, A> Asked<Q, A> {
    /// Whoever does not wait any more comes again, if it is still wanted.
    pub(super) fn answer(self, answer: impl FnOnce(Q) -> A) {
        let Self { what, tell } = self;
        let _ = tell.send(answer(what));
    }
}

impl<Q, A> Gathering<Q, A> {
    /// Gets in line. Gives where the answer will come, which ends without one if all was broken off; and whether nobody sees to it yet, which
    /// is then for the caller to do, by a [`Round`].
    pub(super) fn ask(&self, what: Q) -> (oneshot::Receiver<A>, bool) {
        let (tell, told) = oneshot::channel();
        let is_first = self.with(|gathered| {
            gathered.waiting.push_back(Asked { what, tell });
            !std::mem::replace(&mut gathered.is_seen_to, true)
        });
        (told, is_first)
    }

    /// Whether nobody sees to it: then it is for the caller to do, by a [`Round`], beginning with what it asks itself.
    fn begin(&self) -> bool {
        self.with(|gathered| !std::mem::replace(&mut gathered.is_seen_to, true))
    }

    fn with<T>(&self, look: impl FnOnce(&mut Gathered<Q, A>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Seeing to those who wait, round by round. Should that be broken off, by a panic for instance, they are told, and the next one begins anew.
pub(super) struct Round<'a, Q, A> {
    gathering: &'a Gathering<Q, A>,
    is_over: bool,
}

impl<'a, Q, A> Round<'a, Q, A> {
    /// For whoever was told that nobody does.
    pub(super) fn of(gathering: &'a Gathering<Q, A>) -> Self {
        Self { gathering, is_over: false }
    }

    /// Those of the next round, as `take` takes them from the line; it takes some if there are any. With none, it is over, and whoever comes
    /// now is first.
    pub(super) fn next(
        &mut self,
        take: impl Fn(&mut VecDeque<Asked<Q, A>>) -> Vec<Asked<Q, A>>,
    ) -> Vec<Asked<Q, A>> {
        let members = self.gathering.with(|gathered| {
            let members = take(&mut gathered.waiting);
            gathered.is_seen_to = !members.is_empty();
            members
        });
        self.is_over = members.is_empty();
        members
    }
}

impl<Q, A> Drop for Round<'_, Q, A> {
    fn drop(&mut self) {
        if !self.is_over {
            self.gathering.with(std::mem::take);
        }
    }
}

impl<Q, A> Default for Gathered<Q, A> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), is_seen_to: false }
    }
}

/// What is read from the database for many at once.
pub(super) trait Question: Clone + Send + Sync + 'static {
    /// What is found.
    type Answer: Send + 'static;

    /// Where it waits.
    fn line(store: &Store) -> &Line<Self>;

    /// Reads the answers to all of these, in their order.
    fn read(
        store: &Store,
        all: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Answer>, StoreError>> + Send;
}

/// As long as that, others are waited for: then each asks alone, and sees what is wrong by itself.
const TOGETHER: Duration = Duration::from_secs(2);

impl Store {
    /// What the database says after this was called. Who comes while nobody is being answered asks alone.
    pub(super) async fn ask<Q: Question>(&self, question: Q) -> Result<Q::Answer, StoreError> {
        let line = Q::line(self);
        if line.begin() {
            let next = Next { store: self, line };
            let mut answer = pin!(self.ask_alone(question));
            if let Ok(answer) = timeout(TOGETHER, answer.as_mut()).await {
                return answer;
            }
            // Perhaps it is this connection that is gone. Nobody else is to wait for it.
            drop(next);
            return answer.await;
        }
        let (told, is_first) = line.ask(question.clone());
        if is_first {
            drop(Next { store: self, line });
        }
        match timeout(TOGETHER, told).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            _ => self.ask_alone(question).await,
        }
    }

    async fn ask_alone<Q: Question>(&self, question: Q) -> Result<Q::Answer, StoreError> {
        let answers = self.in_time(Q::read(self, std::slice::from_ref(&question))).await?;
        answers.into_iter().next().ok_or(StoreError::Stale)
    }

    async fn answer_together<Q: Question>(self) {
        let mut round = Round::of(Q::line(&self));
        loop {
            let asked = round.next(|line| line.drain(..line.len().min(many::MOST)).collect());
            if asked.is_empty() {
                return;
            }
            let questions: Vec<_> = asked.iter().map(|asked| asked.what.clone()).collect();
            // In time, or its connection is suspected of being gone, before it is given back.
            let mut read = pin!(Q::read(&self, &questions));
            let answers = timeout(TOGETHER, read.as_mut()).await;
            if answers.is_err() {
                self.suspicion.begin();
            }
            let mut answers = answers.ok().and_then(Result::ok).into_iter().flatten();
            for asked in asked {
                asked.answer(|_| answers.next());
            }
        }
    }
}

/// Those who have come meanwhile are next, also if whoever was first has gone away.
struct Next<'a, Q: Question> {
    store: &'a Store,
    line: &'a Line<Q>,
}

impl<Q: Question> Drop for Next<'_, Q> {
    fn drop(&mut self) {
        let is_over = self.line.with(|gathered| {
            gathered.is_seen_to = !gathered.waiting.is_empty();
            !gathered.is_seen_to
        });
        if is_over {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(self.store.clone().answer_together::<Q>());
            }
            // Whoever waits asks alone.
            Err(_) => drop(self.line.with(std::mem::take)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    static LINE: LazyLock<Line<Doubled>> = LazyLock::new(Line::default);
    static READS: AtomicUsize = AtomicUsize::new(0);

    /// What twice this number is. Nobody ever says what twice the first one is.
    #[derive(Clone, Debug)]
    struct Doubled(u32);

    const NEVER: u32 = 0;

    impl Question for Doubled {
        type Answer = u32;

        fn line(_: &Store) -> &Line<Self> {
            &LINE
        }

        async fn read(_: &Store, all: &[Self]) -> Result<Vec<u32>, StoreError> {
            READS.fetch_add(1, Ordering::Relaxed);
            if all.iter().any(|asked| asked.0 == NEVER) {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(all.iter().map(|asked| asked.0 * 2).collect())
        }
    }

    #[tokio::test]
    async fn many_are_answered_by_few_reads_and_nobody_waits_for_one_that_is_not() {
        let folder = std::env::temp_dir().join(format!("idos-issuer-gathering-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store =
            Store::create(&format!("sqlite://{}", folder.join("issuer.db").display()), 1).await.unwrap();
        tokio::time::pause();

        let answers = join_all((1..=200).map(|number| store.ask(Doubled(number)))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (1..=200).map(|number| number * 2).collect::<Vec<_>>());
        // The first one, and then as many at once as one statement takes.
        assert_eq!(READS.load(Ordering::Relaxed), 1 + 199_usize.div_ceil(many::MOST));

        // The first one, on whose connection nobody answers; and later one among others.
        for silent in [0, 5] {
            let ask = |number| {
                let store = store.clone();
                async move { store.ask(Doubled(number)).await }
            };
            let numbers = (0..20).map(|place| if place == silent { NEVER } else { place.max(1) });
            let all: Vec<_> = numbers.map(|number| tokio::spawn(ask(number))).collect();
            for (place, asked) in all.into_iter().enumerate() {
                match asked.await.unwrap() {
                    Ok(answer) => assert_eq!(answer, u32::try_from(place).unwrap().max(1) * 2),
                    Err(error) => {
                        assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
                        assert_eq!(place, usize::try_from(silent).unwrap());
                    }
                }
            }
            // Whoever comes then is served as if nothing had been.
            assert_eq!(ask(7).await.unwrap(), 14);
        }
        tokio::time::resume();
        store.close().await;
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
