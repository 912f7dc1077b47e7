use rcgen as _;
