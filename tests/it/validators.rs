//! What happens to a real network, of three validators of kwild: whatever it is, each accepted issuance is written once,
//! and all validators have the same in the end. Always against kwild, whatever node other tests run against.

mod on_kwild {
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use idos_client::{Client, ClientConfig};
    use idos_issuer::app::App;
    use idos_issuer::clock::Clock;
    use idos_issuer::keys::{Key, Keys, WriteKey};
    use idos_issuer::model::issuance::{Issuance, State};
    use idos_issuer::model::job::JobState;
    use idos_issuer::model::submission::{Authority, SignedGrant};
    use idos_issuer::store::Store;
    use idos_issuer::vault::Vault;
    use idos_localnet::{Inserter, Localnet, LocalnetConfig};
    use idos_wallet::WalletType;
    use tokio::time::sleep;
    use zeroize::Zeroizing;

    use crate::support::service::{
        Backend, Database, Service, Stage, audit_holds, same_keys, signed_grant, submit,
    };
    use crate::support::{ISSUER_URL, User, create_profile};

    /// The only validator that makes blocks.
    const LEADER: usize = 0;
    const VALIDATORS: usize = 3;
    /// How many issuances are asked for: half of them by write grant.
    const ISSUANCES: usize = 40;
    /// Long enough for whatever comes back by itself, on a machine that has other things to do.
    const PATIENCE: Duration = Duration::from_mins(4);

    /// A service beside a network.
    struct Scene {
        stage: Stage,
        service: Service,
        user: User,
        /// Not used yet.
        grants: Vec<SignedGrant>,
    }

    impl Scene {
        /// The service asks these validators, in this order.
        async fn start(order: [usize; VALIDATORS]) -> Self {
            let mut keys = Keys::ephemeral(Some(ISSUER_URL)).unwrap();
            let write_seeds: Vec<[u8; 32]> = vec![rand::random(), rand::random()];
            keys.write = write_seeds.iter().map(|seed| WriteKey::new(Key::from_seed(seed))).collect();
            let delegates: Vec<_> = keys.write.iter().map(|key| key.key.public_hex()).collect();
            let config = LocalnetConfig {
                validators: VALIDATORS,
                inserters: vec![Inserter::new("Example KYC", delegates)],
                // So that a validator that has missed something asks soon.
                empty_block_timeout: Duration::from_secs(2),
                ..LocalnetConfig::default()
            };
            let network = Localnet::start(config).await.unwrap();

            let user = User::with(WalletType::Evm);
            let client = Client::connect(ClientConfig::new(network.url().parse().unwrap())).await.unwrap();
            create_profile(&client, &keys.first().signer(), &user).await.unwrap();

            let stage = Stage {
                node: network.into(),
                database: Database::new(Backend::Sqlite).await,
                keys,
                write_seeds,
                clock: Clock::System,
                of_the_node: "block_patience_seconds = 4".to_owned(),
                settings: String::new(),
                files_of_vendors: Vec::new(),
            };
            let app = wire(&stage, order).await;
            let mut grants = Vec::new();
            for _ in 0..ISSUANCES / 2 {
                grants.push(signed_grant(&app, &user, -60, 3600).await);
            }
            let service = Service::start(app);
            Self { stage, service, user, grants }
        }

        fn network(&self) -> &Localnet {
            self.stage.node.kwild().unwrap()
        }

        fn app(&self) -> &Arc<App> {
            &self.service.app
        }

        /// Asks for an issuance by inserter, and for one by write grant.
        async fn ask_for_two(&mut self, asked: &mut Vec<Issuance>) {
            asked.push(submit(self.app(), &self.user, Authority::Inserter).await);
            let grant = Some(Box::new(self.grants.pop().unwrap()));
            let authority = Authority::WriteGrant { grant, copy_for: None };
            asked.push(submit(self.app(), &self.user, authority).await);
        }

        /// Asks for the first half of them, and waits until transactions are under way.
        async fn begin(&mut self) -> Vec<Issuance> {
            let mut asked = Vec::new();
            while asked.len() < ISSUANCES / 2 {
                self.ask_for_two(&mut asked).await;
            }
            let start = Instant::now();
            while self.app().store.jobs(Some(JobState::Sent), 100).await.unwrap().is_empty() {
                assert!(start.elapsed() < PATIENCE, "nothing is sent");
                sleep(Duration::from_millis(10)).await;
            }
            asked
        }

        /// Asks for the other half, a few at a time.
        async fn go_on(&mut self, asked: &mut Vec<Issuance>) {
            while asked.len() < ISSUANCES {
                self.ask_for_two(asked).await;
                sleep(Duration::from_millis(200)).await;
            }
        }

        /// How many of them are issued.
        async fn issued(&self, asked: &[Issuance]) -> usize {
            let mut count = 0;
            for issuance in asked {
                let now = self.app().store.issuance(&issuance.id).await.unwrap().unwrap();
                assert!(
                    matches!(now.state, State::AwaitingProfile | State::Queued | State::Issued),
                    "{now:?}"
                );
                count += usize::from(now.state == State::Issued);
            }
            count
        }

        async fn until_issued(&self, asked: &[Issuance]) {
            let start = Instant::now();
            loop {
                let issued = self.issued(asked).await;
                if issued == asked.len() {
                    return;
                }
                if start.elapsed() > PATIENCE {
                    let jobs = self.app().store.jobs(None, 100).await.unwrap();
                    panic!("only {issued} of {} are issued\n{jobs:#?}", asked.len());
                }
                sleep(Duration::from_millis(100)).await;
            }
        }

        /// Waits until the validators have all that the leader has now.
        async fn until_level(&self) -> i64 {
            let start = Instant::now();
            let wanted = self.network().height(LEADER).await.unwrap().unwrap();
            for number in 0..VALIDATORS {
                while self.network().height(number).await.unwrap().is_none_or(|height| height < wanted) {
                    assert!(start.elapsed() < PATIENCE, "validator {number} does not catch up");
                    sleep(Duration::from_millis(200)).await;
                }
            }
            wanted
        }

        /// Ends the service, and looks at each validator: exactly what was asked for is there, and each credential was
        /// written by one transaction.
        async fn assert_exactly_once(self, asked: &[Issuance]) {
            let Self { stage, service, .. } = self;
            let mut expected = BTreeMap::new();
            for issuance in asked {
                let issuance = service.app.store.issuance(&issuance.id).await.unwrap().unwrap();
                assert_eq!(issuance.state, State::Issued);
                expected.insert(issuance.ids.original.to_string(), 1);
                if issuance.grantee.is_some() {
                    expected.insert(issuance.ids.copy.to_string(), 1);
                }
            }
            assert_eq!(service.app.store.jobs(None, 10).await.unwrap(), []);
            audit_holds(&service.app.store).await;
            service.stop().await;

            let network = stage.node.kwild().unwrap();
            let height = network.height(LEADER).await.unwrap().unwrap();
            let mut of_the_leader = None;
            for number in 0..VALIDATORS {
                let mut rows = network.rows(number).await.unwrap();
                let credentials = rows.credentials().await.unwrap();
                let mut found = BTreeMap::new();
                for credential in &credentials {
                    *found.entry(credential.id.clone()).or_default() += 1;
                }
                assert_eq!(found, expected, "validator {number}");
                let written = rows.transactions().await.unwrap();
                let written = written.iter().filter(|tx| tx.code == 0 && is_issuing(&tx.action)).count();
                assert_eq!(written, asked.len(), "validator {number}");
                let counts = rows.counts().await.unwrap();
                assert_eq!(counts.consumed_write_grants, i64::try_from(asked.len() / 2).unwrap());
                let all = (counts, credentials, rows.hashes(height).await.unwrap());
                let leaders = of_the_leader.get_or_insert_with(|| all.clone());
                assert!(*leaders == all, "validator {number} has something else");
            }
        }
    }

    fn is_issuing(action: &str) -> bool {
        matches!(action, "upsert_credential_as_inserter" | "create_credentials_by_dwg")
    }

    async fn wire(stage: &Stage, order: [usize; VALIDATORS]) -> Arc<App> {
        let urls = stage.node.kwild().unwrap().urls();
        let mut urls = order.iter().map(|number| urls[*number].parse().unwrap());
        let mut config = stage.config();
        config.node.url = urls.next().unwrap();
        config.node.fallback_urls = urls.collect();
        let store = Store::connect(&stage.database.url, 8).await.unwrap();
        store.migrate().await.unwrap();
        let vault = Vault::new(&[Zeroizing::new([7; 32])]).unwrap();
        Arc::new(App::wire(config, stage.clock.clone(), store, same_keys(&stage.keys), vault).unwrap())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_preferred_follower_is_killed() {
        let mut scene = Scene::start([1, 0, 2]).await;
        let mut asked = scene.begin().await;
        scene.network().kill(1).await.unwrap();
        scene.go_on(&mut asked).await;
        scene.until_issued(&asked).await;
        scene.network().start_again(1).await.unwrap();
        scene.until_level().await;
        scene.assert_exactly_once(&asked).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_leader_is_killed() {
        let mut scene = Scene::start([0, 1, 2]).await;
        let mut asked = scene.begin().await;
        scene.network().kill(LEADER).await.unwrap();
        scene.go_on(&mut asked).await;
        // Long enough for the service to try every validator.
        sleep(Duration::from_secs(12)).await;
        assert_eq!(scene.issued(&asked[ISSUANCES / 2..]).await, 0, "there are no blocks without the leader");
        scene.network().start_again(LEADER).await.unwrap();
        scene.until_issued(&asked).await;
        scene.until_level().await;
        scene.assert_exactly_once(&asked).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_preferred_follower_is_cut_off() {
        let mut scene = Scene::start([2, 1, 0]).await;
        let mut asked = scene.begin().await;
        scene.network().cut_off(2).await.unwrap();
        scene.go_on(&mut asked).await;
        scene.until_issued(&asked).await;
        let there = scene.network().rows(2).await.unwrap().credentials().await.unwrap().len();
        assert!(there < ISSUANCES, "it got blocks: {there}");
        assert_ne!(scene.app().idos().await.unwrap().preferred_node(), 0);
        scene.network().reconnect(2).await.unwrap();
        scene.until_level().await;
        scene.assert_exactly_once(&asked).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_preferred_follower_is_frozen() {
        let mut scene = Scene::start([1, 2, 0]).await;
        let mut asked = scene.begin().await;
        scene.network().freeze(1).await.unwrap();
        scene.go_on(&mut asked).await;
        scene.until_issued(&asked).await;
        scene.network().thaw(1).await.unwrap();
        scene.until_level().await;
        scene.assert_exactly_once(&asked).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn all_are_killed() {
        let mut scene = Scene::start([1, 2, 0]).await;
        let mut asked = scene.begin().await;
        for number in 0..VALIDATORS {
            scene.network().kill(number).await.unwrap();
        }
        scene.go_on(&mut asked).await;
        let starting = (0..VALIDATORS).map(|number| scene.network().start_again(number));
        for started in futures_util::future::join_all(starting).await {
            started.unwrap();
        }
        scene.until_issued(&asked).await;
        scene.until_level().await;
        scene.assert_exactly_once(&asked).await;
    }
}
