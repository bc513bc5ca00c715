//! What deployment tools find out about the travel reservation, which is linked into this test.

#[path = "../../../examples/travel/services/mod.rs"]
pub mod services;

mod marks;
mod rights;
mod template;

use beldi::Registry;
use beldi_build::{Architecture, Plan, Program, Settings};

/// The travel reservation as its project describes it.
fn program() -> Program {
    let manifest = Registry::collect().expect("sound declarations").manifest().expect("sound tables");
    let binary = std::fs::read(std::env::current_exe().expect("a program")).expect("its binary");
    let settings = Settings { http: ["frontend".to_owned()].into(), ..Settings::default() };
    Program {
        package: "travel".to_owned(),
        manifest,
        marks: beldi_build::marks(&binary),
        settings,
        code: "target/lambda/travel/bootstrap.zip".to_owned(),
    }
}

fn plan() -> Plan {
    Plan::of(&program(), Architecture::default()).expect("a sound program")
}
