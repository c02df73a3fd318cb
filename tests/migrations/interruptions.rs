//! Runs that end, lose their connection or lose their server at every place where they can.

use hitl_state_ioredis::connection::{CommandWriter, Operation, ScriptForm, Step};

use redis::Value;

use super::driver::{Driver, ensure, migrate};
use super::layouts::{assert_complete, assert_current, refill, store};
use super::support::{Proxy, Server, eventually};

/// A run of more than one page in every walk.
const COUNT: usize = 760;

/// How many steps a run on a fresh store of this layout takes.
fn steps(server: &Server, layout: u8, count: usize) -> usize {
    refill(server, layout, count);
    migrate(server.port())
}

#[test]
fn a_run_that_is_abandoned_after_any_step_is_made_up_for_by_the_next() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        for stop in 1..steps(&server, layout, COUNT) {
            refill(&server, layout, COUNT);
            assert!(
                Driver::connect(server.port())
                    .advance(&mut ensure(), stop)
                    .is_none()
            );
            let what = format!("layout {layout}, step {stop}");
            assert_complete(&server, &what);
            migrate(server.port());
            assert_current(&server, &what);
        }
    }
}

#[test]
fn any_step_may_be_sent_twice() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        for repeated in 1..=steps(&server, layout, COUNT) {
            refill(&server, layout, COUNT);
            let mut run = ensure();
            let mut first = Driver::connect(server.port());
            assert!(first.advance(&mut run, repeated - 1).is_none());
            // Executed, and the reply lost.
            let mut bytes = Vec::new();
            let mut out = CommandWriter::new(&mut bytes, ScriptForm::Source);
            run.write(&mut out, false);
            let commands = out.commands();
            first.lose(&bytes, commands);
            let mut second = Driver::connect(server.port());
            if matches!(second.step(&mut run, true).unwrap(), Step::Hold) {
                second.finish(&mut run).unwrap();
            }
            assert_current(&server, &format!("layout {layout}, step {repeated}"));
        }
    }
}

#[test]
fn a_connection_cut_at_any_byte_costs_nothing() {
    let server = Server::start(&[]);
    for layout in [1, 2] {
        refill(&server, layout, COUNT);
        let proxy = Proxy::start(server.port());
        migrate(proxy.port());
        let (up, down) = (proxy.bytes_up(), proxy.bytes_down());
        for cut in 0..60 {
            refill(&server, layout, COUNT);
            let proxy = Proxy::start(server.port());
            if cut % 2 == 0 {
                proxy.cut_up_after(up * (cut + 1) / 61);
            } else {
                proxy.cut_down_after(down * (cut + 1) / 61);
            }
            // The run goes on where it was, on a new connection; or a new one starts over.
            let (mut run, mut driver) = (ensure(), Driver::connect(proxy.port()));
            let mut resend = false;
            loop {
                match driver.step(&mut run, resend) {
                    Ok(Step::Over(result)) => break assert!(result.is_ok(), "{result:?}"),
                    Ok(_) => resend = false,
                    Err(_) => {
                        resend = cut % 4 < 2;
                        driver = Driver::connect(proxy.port());
                        if !resend {
                            run = ensure();
                        }
                    }
                }
            }
            assert_current(&server, &format!("layout {layout}, cut {cut}"));
        }
    }
}

#[test]
fn a_server_killed_after_any_step_comes_back_with_whole_indexes() {
    let server = Server::start(&["--appendonly", "yes", "--appendfsync", "always"]);
    for layout in [1, 2] {
        let all = steps(&server, layout, COUNT);
        for kill in (1..all).step_by(3) {
            refill(&server, layout, COUNT);
            let mut run = ensure();
            assert!(
                Driver::connect(server.port())
                    .advance(&mut run, kill)
                    .is_none()
            );
            server.kill9();
            server.restart();
            eventually("the data are loaded", || {
                matches!(server.try_command(&["DBSIZE"]), Ok(Value::Int(_)))
            });
            let what = format!("layout {layout}, step {kill}");
            assert_complete(&server, &what);
            // The same run goes on: cursors of the old server mean nothing to the new one.
            let mut driver = Driver::connect(server.port());
            if matches!(driver.step(&mut run, kill % 2 == 0).unwrap(), Step::Hold) {
                driver.finish(&mut run).unwrap();
            }
            assert_current(&server, &what);
        }
    }
}

#[test]
fn what_an_abandoned_run_has_built_is_not_read_again() {
    let server = store(1, 5_000);
    let fresh = steps(&server, 1, 5_000);
    refill(&server, 1, 5_000);
    assert!(
        Driver::connect(server.port())
            .advance(&mut ensure(), fresh / 3)
            .is_none()
    );
    assert!(migrate(server.port()) < fresh);
    assert_current(&server, "resumed");
}
