//! By a clock that stands still until everybody waits: no test here depends on how fast the machine is.

use super::*;

const LIMITS: TurnLimits = TurnLimits {
    turns: 4,
    of_client: 2,
    of_imports: 1,
    queue: 100,
    queue_of_client: 50,
    max_wait: Duration::from_secs(5),
};

fn client(name: &str) -> RateKey {
    RateKey::Client(name.to_owned())
}

/// A request, or a line, of a client that takes so long once it has its turn. Gives how long it waited.
async fn ask(
    turns: Arc<Turns>,
    name: &'static str,
    lane: Lane,
    takes: Duration,
) -> Result<Duration, Problem> {
    let arrived = Instant::now();
    let turn = match lane {
        Lane::Single => turns.take(client(name)).await?,
        Lane::Bulk => turns.take_for_line(client(name)).await,
    };
    let waited = arrived.elapsed();
    tokio::time::sleep(takes).await;
    drop(turn);
    Ok(waited)
}

fn flood(
    turns: &Arc<Turns>,
    name: &'static str,
    lane: Lane,
    count: usize,
    takes: Duration,
) -> Vec<tokio::task::JoinHandle<Result<Duration, Problem>>> {
    (0..count).map(|_| tokio::spawn(ask(Arc::clone(turns), name, lane, takes))).collect()
}

const TENTH: Duration = Duration::from_millis(100);

#[tokio::test(start_paused = true)]
async fn a_flood_of_one_client_does_not_hold_up_another_one() {
    let turns = Turns::new(LIMITS);
    let flood = flood(&turns, "a", Lane::Single, 50, TENTH);
    tokio::time::sleep(TENTH / 2).await;
    // What is free beyond the share of a client is there for the next one.
    assert_eq!(ask(Arc::clone(&turns), "b", Lane::Single, TENTH).await.unwrap(), Duration::ZERO);
    for request in flood {
        assert!(request.await.unwrap().is_ok());
    }
    assert_eq!(turns.queues().sizes(), (0, 0), "whoever asks for nothing is forgotten");
}

#[tokio::test(start_paused = true)]
async fn clients_are_served_one_after_the_other() {
    let turns = Turns::new(LIMITS);
    let mut floods = flood(&turns, "a", Lane::Single, 40, TENTH);
    floods.extend(flood(&turns, "b", Lane::Single, 40, TENTH));
    tokio::time::sleep(TENTH / 2).await;
    // All turns are taken, and 76 requests wait: one of somebody else waits for the next turn that ends, and no longer.
    let waited = ask(Arc::clone(&turns), "c", Lane::Single, TENTH).await.unwrap();
    assert!(waited <= TENTH, "{waited:?}");
    for request in floods {
        assert!(request.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_lines_holds_up_no_request_and_comes_to_its_end() {
    let turns = Turns::new(LIMITS);
    let lines = flood(&turns, "a", Lane::Bulk, 200, TENTH);
    tokio::time::sleep(TENTH / 2).await;
    for name in ["a", "b", "c"] {
        let waited = ask(Arc::clone(&turns), name, Lane::Single, TENTH).await.unwrap();
        assert_eq!(waited, Duration::ZERO, "{name}");
    }
    // However many requests there are, one line is always worked on: 200 take 20 s.
    let began = Instant::now();
    let requests = async {
        while began.elapsed() < Duration::from_secs(15) {
            let four = flood(&turns, "b", Lane::Single, 2, TENTH).into_iter().chain(flood(
                &turns,
                "c",
                Lane::Single,
                2,
                TENTH,
            ));
            for request in four {
                assert!(request.await.unwrap().unwrap() <= TENTH);
            }
        }
    };
    requests.await;
    for line in lines {
        line.await.unwrap().unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(21), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn imports_of_two_clients_take_turns() {
    let turns = Turns::new(LIMITS);
    let first = flood(&turns, "a", Lane::Bulk, 100, TENTH);
    tokio::time::sleep(TENTH / 2).await;
    let began = Instant::now();
    for line in flood(&turns, "b", Lane::Bulk, 10, TENTH) {
        line.await.unwrap().unwrap();
    }
    assert!(began.elapsed() <= 21 * TENTH, "{:?}", began.elapsed());
    for line in first {
        line.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_would_wait_too_long_is_told_at_once_when_to_come_again() {
    let turns = Turns::new(TurnLimits { queue_of_client: 100, ..LIMITS });
    let second = Duration::from_secs(1);
    ask(Arc::clone(&turns), "a", Lane::Single, second).await.unwrap();
    let flood = flood(&turns, "a", Lane::Single, 40, second);
    tokio::time::sleep(TENTH).await;
    let arrived = Instant::now();
    let problem = turns.take(client("a")).await.err().unwrap();
    assert_eq!(arrived.elapsed(), Duration::ZERO, "nobody waits to be refused");
    assert_eq!((problem.code, problem.retry_after), (Code::Overloaded, Some(6)));
    // Somebody else is not refused for it.
    assert_eq!(ask(Arc::clone(&turns), "b", Lane::Single, TENTH).await.unwrap(), Duration::ZERO);
    // What was told is so: who comes then is served.
    tokio::time::sleep(Duration::from_secs(problem.retry_after.unwrap())).await;
    assert_eq!(ask(Arc::clone(&turns), "a", Lane::Single, TENTH).await.unwrap(), Duration::ZERO);
    let mut waits = Vec::new();
    for request in flood {
        waits.extend(request.await.unwrap().ok());
    }
    assert!(waits.iter().all(|waited| *waited <= LIMITS.max_wait), "{waits:?}");
    // Two at once for five seconds.
    assert!((10..=12).contains(&waits.len()), "{}", waits.len());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_ever_where_nothing_goes_on() {
    let turns = Turns::new(LIMITS);
    let _held = [turns.take(client("a")).await.unwrap(), turns.take(client("a")).await.unwrap()];
    let arrived = Instant::now();
    let problem = turns.take(client("a")).await.err().unwrap();
    assert_eq!((problem.code, arrived.elapsed()), (Code::Overloaded, LIMITS.max_wait));
    assert!(problem.retry_after.unwrap() >= 1);
}

#[tokio::test(start_paused = true)]
async fn queues_are_bounded_and_who_goes_away_leaves_them() {
    let turns = Turns::new(TurnLimits { queue: 3, queue_of_client: 2, ..LIMITS });
    let held = [turns.take(client("a")).await.unwrap(), turns.take(client("a")).await.unwrap()];
    let waiting = flood(&turns, "a", Lane::Single, 2, TENTH);
    tokio::task::yield_now().await;
    assert!(turns.queues().is_full(&client("a")) && !turns.queues().is_full(&client("b")));
    for request in &waiting {
        request.abort();
    }
    for request in waiting {
        assert!(request.await.unwrap_err().is_cancelled());
    }
    assert!(!turns.queues().is_full(&client("a")));
    drop(held);
    assert_eq!(turns.queues().sizes(), (0, 0));
    // A turn that is given to somebody who has just gone is not lost.
    for _ in 0..8 {
        let held = [turns.take(client("a")).await.unwrap(), turns.take(client("a")).await.unwrap()];
        let gone = tokio::spawn(ask(Arc::clone(&turns), "a", Lane::Single, TENTH));
        tokio::task::yield_now().await;
        drop(held);
        gone.abort();
        drop(gone.await);
    }
    let all = [turns.take(client("a")).await.unwrap(), turns.take(client("a")).await.unwrap()];
    drop(all);
    assert_eq!(turns.queues().sizes(), (0, 0));
}
