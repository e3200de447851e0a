/**
 * Which subjects may do what (protocol 2.1, 5.1.2).
 * @pure
 */
/** A subject, or a group of them. Which types there are is up to the installation. */
export interface AuthorizationAttribute {
  /** E.g. `user` or `service`. */
  data_type: string;
  value: string;
}

/** Both lists are required, not empty, and without duplicates. */
export interface Authorization {
  /** Subjects that may change and delete it, and reset its cursors. */
  admins: AuthorizationAttribute[];
  /** Subjects that may read and commit. */
  readers: AuthorizationAttribute[];
}
