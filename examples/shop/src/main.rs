//! Serves on this machine. Deployed, the same program is an AWS Lambda function for each service.

// The services are found by themselves, once the library is linked.
use shop as _;

fn main() -> std::process::ExitCode {
    beldi::main()
}
