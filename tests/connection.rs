//! The connection's promises, on real servers.

mod support;

#[test]
fn a_server_of_our_own_answers_through_a_proxy() {
    let server = support::Server::start(&[]);
    let proxy = support::Proxy::start(server.port());
    let client = redis::Client::open(format!("redis://127.0.0.1:{}/", proxy.port())).unwrap();
    let mut connection = client.get_connection().unwrap();
    let reply: String = redis::cmd("PING").query(&mut connection).unwrap();
    assert_eq!(reply, "PONG");
    let before = proxy.round_trips();
    let _: String = redis::cmd("PING").query(&mut connection).unwrap();
    assert_eq!(proxy.round_trips(), before + 1);
}
